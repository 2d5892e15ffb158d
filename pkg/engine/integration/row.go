package integration

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// Row is one row of the table: one service with one destination or feature, and what a key
// policy may carry for it. Its name is an integration of guardrail.yaml. Texts may have the
// placeholders ${Partition}, ${Region}, ${AccountId} and, in service principals, ${Domain}.
// A caller must not change a row.
type Row struct {
	// Name is the name in guardrail.yaml, in kebab-case.
	Name string `json:"name"`
	// Title is the service, or what it does, as AWS writes it.
	Title string `json:"title"`
	// Description is one line: who does what with the key.
	Description string `json:"description"`
	// KeySpec and KeyUsage are the keys that the service works with: SYMMETRIC_DEFAULT and
	// ENCRYPT_DECRYPT unless the row says so. They are for people: a statement for another
	// key gives nobody anything.
	KeySpec  string `json:"keySpec"`
	KeyUsage string `json:"keyUsage"`
	// Services are the principals that call AWS KMS themselves.
	Services []string `json:"services"`
	// Roles are IAM roles of the key's own account, service-linked ones above all: what
	// follows "role/" in their ARN. A * at the end stands for any suffix.
	Roles []string `json:"roles"`
	// Via are values of kms:ViaService: principals of the account use the key through them.
	Via []string `json:"via"`
	// Use are the actions for all of these.
	Use []string `json:"use"`
	// Grants are actions that are limited to grants for AWS resources.
	Grants []string `json:"grants"`
	// Auxiliary are actions that AWS prints without a bound beside a bounded statement. They
	// give metadata only.
	Auxiliary []string `json:"auxiliary"`
	// Unbound are actions that AWS prints without any bound. No statement is made for them.
	Unbound []string `json:"unbound"`
	// Bounds are the conditions that AWS documents for Services. Each is enough by itself.
	Bounds []Condition `json:"bounds"`
	// Further are more statements of the row, as a key policy has them.
	Further []json.RawMessage `json:"statements"`
	// Includes are names of rows whose statements this row permits as well; "*" is all rows.
	Includes []string `json:"includes"`
	// Regions are the only Regions with keys that the service takes; none is all Regions.
	Regions []string `json:"regions"`
	// NotInPartitions are partitions whose keys the service does not take.
	NotInPartitions []string `json:"notInPartitions"`
	// AnyPlace is true where the statements need no known partition and no Region.
	AnyPlace bool `json:"anyPlace"`
	// Sends says of Source keys without a bound whether the service sends them. Use SendsKey.
	Sends map[string]bool `json:"sends"`
	// Sources are pages of the AWS documentation; "not found: …" says what no page says.
	Sources []string `json:"sources"`
	// Date is the day on which the pages were read.
	Date string `json:"date"`
	// Note is what a reader of the row should know.
	Note string `json:"note"`
}

// Condition is a bound: one key under one operator.
type Condition struct {
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Values   []string `json:"values"`
	// Actions are the actions that the bound is for, where these are fewer than Use and Grants.
	Actions []string `json:"actions"`
	// Why says why the bound fixes the account although its form alone does not.
	Why string `json:"why"`
}

// Answer says whether AWS documents something.
type Answer uint8

// The answers.
const (
	NotSaid Answer = iota
	Yes
	No
)

// SendsKey says whether the service's requests carry a Source key, such as aws:SourceArn. A
// bound with the key is a yes.
func (r *Row) SendsKey(key string) Answer {
	for name, sends := range r.Sends {
		switch {
		case !strings.EqualFold(name, key):
		case sends:
			return Yes
		default:
			return No
		}
	}
	if slices.ContainsFunc(r.Bounds, func(c Condition) bool { return strings.EqualFold(c.Key, key) }) {
		return Yes
	}
	return NotSaid
}

// Source is the first page of the documentation.
func (r *Row) Source() string { return r.Sources[0] }

//go:embed table/*.json
var files embed.FS

// table has every row, sorted by name. The files are part of the program, so a file that
// cannot be read is a defect of the program, which a test finds.
var table = sync.OnceValue(func() []*Row {
	var rows []*Row
	names, err := files.ReadDir("table")
	for _, file := range names {
		var list []*Row
		if list, err = readRows(path.Join("table", file.Name())); err != nil {
			break
		}
		rows = append(rows, list...)
	}
	if err != nil {
		panic("integration: " + err.Error())
	}
	slices.SortFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Name, b.Name) })
	return rows
})

func readRows(name string) ([]*Row, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var rows []*Row
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, r := range rows {
		r.KeySpec, r.KeyUsage = cmp.Or(r.KeySpec, "SYMMETRIC_DEFAULT"), cmp.Or(r.KeyUsage, "ENCRYPT_DECRYPT")
	}
	return rows, nil
}

// All returns every row, sorted by name.
func All() []*Row { return slices.Clone(table()) }

// Lookup returns the row of a name.
func Lookup(name string) (*Row, bool) {
	i, found := slices.BinarySearchFunc(table(), name, func(r *Row, name string) int { return cmp.Compare(r.Name, name) })
	if !found {
		return nil, false
	}
	return table()[i], true
}
