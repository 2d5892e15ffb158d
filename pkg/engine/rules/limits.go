package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Limits are what a baseline means for one key.
type Limits struct {
	// Floor is access that must be there; its statement 0 is the account statement.
	// Deny statements that the baseline requires narrow it.
	Floor policy.Set
	// Ceiling is access that may be there; Deny statements that the baseline requires
	// narrow it.
	Ceiling policy.Set
	// Reset is the generated default with the required principals and statements.
	// It lies between the two. ResetID is the Id of its document.
	Reset   policy.Set
	ResetID string

	// unnarrowed is Floor without Deny statements.
	unnarrowed policy.Set
	// PermittedDenies are Deny statements that a policy may have. If the policy has one,
	// the access of the floor that it denies does not count as missing.
	PermittedDenies []policy.Statement
}

// Limits returns what the baseline means for a key, whatever its policy. Where the console
// default has several editions or forms, the floor has what all of them give and the ceiling
// what one of them gives. A baseline of style
// api needs no key type.
//
// Limits returns an error of [defaultpolicy.Generate] if the key's type has no default, or if
// the default cannot name a required principal. It returns an error of package policy if a
// statement of the baseline is malformed for this key. It returns an error if the baseline has
// ${OrganizationId} and the organization is not known.
func (b *Baseline) Limits(k Key) (Limits, error) { return b.LimitsFor(k, policy.Set{}) }

// LimitsFor returns what the baseline means for a key and the policy to hold against it. It
// differs from [Baseline.Limits] for a baseline that permits all principals of the key's
// account. For such a baseline, the ceiling names the principals that the policy names.
func (b *Baseline) LimitsFor(k Key, live policy.Set) (Limits, error) {
	if k.OrganizationID == "" && b.namesOrganization() {
		return Limits{}, errors.New("the baseline has ${OrganizationId}, and the id of the account's organization is not known")
	}
	f, err := b.forms(k)
	if err != nil {
		return Limits{}, err
	}
	required, requiredDenies, err := b.required(k)
	if err != nil {
		return Limits{}, err
	}
	permitted, permittedDenies, err := b.permitted(k, f.widest, namedIn(k, live))
	if err != nil {
		return Limits{}, err
	}
	must := slices.Concat(required, requiredDenies)
	return Limits{
		Floor: with(f.floor.Set, must), Ceiling: with(f.floor.Set, slices.Concat(permitted, must)),
		Reset: with(f.reset.Set, must), ResetID: f.reset.ID,
		unnarrowed: with(f.floor.Set, required), PermittedDenies: permittedDenies,
	}, nil
}

// ResetDocument returns Reset as the text to write. The error says that it is larger than
// KMS stores.
func (l Limits) ResetDocument() (*policy.Document, error) {
	d, err := policy.New(l.Reset.Version, l.ResetID, l.Reset.Statements...)
	if err != nil {
		return nil, fmt.Errorf("the policy to reset to: %w", err)
	}
	return d, nil
}

// forms are generated defaults for a key. Of the widest, the administrators and
// users are standIn; it is nil for the API style.
type forms struct{ floor, reset, widest *policy.Document }

func (b *Baseline) forms(k Key) (f forms, err error) {
	keyType := k.Type
	if b.Style == defaultpolicy.API && keyType == (defaultpolicy.KeyType{}) {
		keyType = keyType.WithDefaults() // the API default is the same for every type
	}
	o := defaultpolicy.Options{
		Style: b.Style, Partition: k.Partition, Account: k.Account, Edition: b.WantedEdition(),
		Administrators: k.expandAll(b.Administrators.Required), Users: k.expandAll(b.Users.Required),
		NoAdministratorDelete: !b.AdministratorsMayDelete,
	}
	if f.reset, err = defaultpolicy.Generate(keyType, o); err != nil {
		return forms{}, err
	}
	if b.Style == defaultpolicy.API {
		f.floor = f.reset
		return f, nil
	}
	least := o
	least.UndocumentedGrants, least.UndocumentedRotation, least.NoAdministratorDelete = defaultpolicy.Omit, defaultpolicy.Omit, true
	oldest, err := defaultpolicy.Variants(keyType, least)
	if err != nil {
		return forms{}, err
	}
	f.floor = oldest[len(oldest)-1].Document
	most := o
	most.UndocumentedGrants, most.UndocumentedRotation = defaultpolicy.Include, defaultpolicy.Include
	most.Administrators, most.Users = []string{standIn(k)}, []string{standIn(k)}
	f.widest, err = defaultpolicy.Generate(keyType, most)
	return f, err
}

// standIn is a role in whose place the permitted principals are put.
func standIn(k Key) string { return "arn:" + k.Partition + ":iam::" + k.Account + ":role/stand-in" }

// WantedEdition returns the edition as package defaultpolicy names it: "" for any.
func (b *Baseline) WantedEdition() defaultpolicy.Edition {
	if b.Edition == AnyEdition {
		return ""
	}
	return b.Edition
}

// with returns a set with statements added.
func with(s policy.Set, more []policy.Statement) policy.Set {
	s.Statements = slices.Concat(s.Statements, more)
	return s
}

// required returns the statements that the baseline requires beside the default, and
// apart from them the Deny statements.
func (b *Baseline) required(k Key) (allows, denies []policy.Statement, err error) {
	allows, denies, err = readTemplates(k, "require", b.Require)
	if err != nil || b.GuardrailAccess == "" {
		return allows, denies, err
	}
	role, err := policy.ParseAWSPrincipal(k.Expand(b.GuardrailAccess))
	if err != nil {
		return nil, nil, fmt.Errorf("guardrailAccess: %w", err)
	}
	access := policy.Statement{
		SID: GuardrailAccessSID, Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{role}},
		Actions: policy.Values(guardrailActions...), Resources: policy.Values("*"),
	}
	return append([]policy.Statement{access}, allows...), denies, nil
}

// GuardrailRole returns the ARN of the role that guards a key: GuardrailAccess, or else
// the role that the documentation names, kms-guardrail-${Region} in the key's account. It is
// "" for a key whose Region is not known.
func (b *Baseline) GuardrailRole(k Key) string {
	switch {
	case b.GuardrailAccess != "":
		return k.Expand(b.GuardrailAccess)
	case k.Region == "":
		return ""
	default:
		return k.Expand("arn:${Partition}:iam::${AccountId}:role/kms-guardrail-${Region}")
	}
}

// GuardrailAccessSID is the Sid of the statement that guardrailAccess requires.
const GuardrailAccessSID = "guardrail-access"

// guardrailActions are the calls that the guardrail makes about a key.
var guardrailActions = []string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags", "kms:PutKeyPolicy"}

// permitted returns the statements that a policy may carry beside the floor: those
// of the widest default for the permitted principals, the integrations', and the
// baseline's own; and apart from them the Deny statements.
func (b *Baseline) permitted(k Key, widest *policy.Document, named names) (allows, denies []policy.Statement, err error) {
	if widest != nil {
		administrators := slices.DeleteFunc(b.Administrators.All(k), func(arn string) bool { return AccountOf(arn) != k.Account })
		allows = givenTo(k, widest.Statements[1], administrators, named)
		for _, st := range widest.Statements[2:] {
			allows = append(allows, givenTo(k, st, b.Users.All(k), named)...)
		}
	}
	for _, name := range b.Integrations {
		entry, ok := integration.Lookup(name)
		if !ok {
			return nil, nil, fmt.Errorf("integrations: there is no integration %q", name)
		}
		statements, err := entry.Statements(integration.Facts{Partition: k.Partition, Region: k.Region, Account: k.Account})
		if err != nil {
			return nil, nil, err // which names the integration
		}
		allows = append(allows, statements...)
	}
	more, denies, err := readTemplates(k, "permit", b.Permit)
	return append(allows, more...), denies, err
}

// All returns the permitted and the required principals, for a key.
func (p Principals) All(k Key) []string { return k.expandAll(slices.Concat(p.Permitted, p.Required)) }

// AccountOf returns the account part of an ARN or ARN pattern, or an account id itself.
func AccountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return arn
}

// givenTo returns a statement of the default with other principals: one statement
// that names those that are no pattern, and one for everyone under the condition that
// aws:PrincipalArn is like a pattern. The pattern for all principals of the key's own account
// stands for the account, and for the principals of the account that the policy names: whoever
// writes "*" names nobody.
func givenTo(k Key, st policy.Statement, principals []string, named names) []policy.Statement {
	var entries []policy.Principal
	var patterns []string
	for _, text := range principals {
		if p, err := policy.ParseAWSPrincipal(text); err == nil {
			entries = append(entries, p)
			continue
		}
		account := AccountOf(text)
		switch {
		case text != "arn:"+k.Partition+":iam::"+account+":*":
			patterns = append(patterns, text)
			continue
		case account == k.Account && named.known:
			entries = append(entries, named.entries...)
			patterns = append(patterns, named.patterns...)
		default:
			patterns = append(patterns, text, "arn:"+k.Partition+":sts::"+account+":*")
		}
		entries = append(entries, policy.Principal{Kind: policy.Account, Text: account, AccountID: account})
	}
	var list []policy.Statement
	if len(entries) > 0 {
		direct := st
		direct.Principals = policy.Principals{Entries: entries}
		list = append(list, direct)
	}
	if len(patterns) > 0 {
		like := st
		like.Principals = policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}}
		like.Conditions = append(slices.Clone(st.Conditions), policy.Condition{Operator: arnLike, Key: "aws:PrincipalArn", Values: patterns})
		list = append(list, like)
	}
	return list
}

var arnLike, _ = policy.ParseOperator("ArnLike")

// readTemplates reads statements with placeholders, for a key: the Allow statements,
// and the Deny statements.
func readTemplates(k Key, field string, templates []Template) (allows, denies []policy.Statement, err error) {
	for i, t := range templates {
		d, err := policy.Parse(`{"Version":"` + policy.Version2012 + `","Statement":` + k.Expand(string(t)) + `}`)
		if err != nil {
			return nil, nil, fmt.Errorf("%s[%d]: %w", field, i, err)
		}
		for _, st := range d.Statements {
			if st.Effect == policy.Deny {
				denies = append(denies, st)
			} else {
				allows = append(allows, st)
			}
		}
	}
	return allows, denies, nil
}

// namesOrganization tells whether ${OrganizationId} stands somewhere in the baseline.
func (b *Baseline) namesOrganization() bool {
	has := func(text string) bool { return strings.Contains(text, "${OrganizationId}") }
	template := func(t Template) bool { return has(string(t)) }
	return slices.ContainsFunc(slices.Concat(b.Administrators.Required, b.Administrators.Permitted, b.Users.Required, b.Users.Permitted), has) ||
		slices.ContainsFunc(b.Permit, template) || slices.ContainsFunc(b.Require, template) || has(b.GuardrailAccess)
}

// Expand replaces ${AccountId}, ${Partition}, ${Region}, ${KeyArn} and
// ${OrganizationId} by what the key has.
func (k Key) Expand(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	return strings.NewReplacer("${AccountId}", k.Account, "${Partition}", k.Partition, "${Region}", k.Region,
		"${KeyArn}", k.ARN, "${OrganizationId}", k.OrganizationID).Replace(text)
}

func (k Key) expandAll(list []string) []string {
	expanded := make([]string, len(list))
	for i, text := range list {
		expanded[i] = k.Expand(text)
	}
	return expanded
}
