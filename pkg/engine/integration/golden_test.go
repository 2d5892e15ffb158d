package integration_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

var update = flag.Bool("update", false, "write the golden files and what is generated in docs")

const account, otherAccount, organization = "111122223333", "444455556666", "o-a1b2c3d4e5"

// places has a Region of each partition.
var places = []integration.Facts{
	{Partition: "aws", Region: "us-east-1", Account: account, OrganizationID: organization},
	{Partition: "aws-cn", Region: "cn-north-1", Account: account, OrganizationID: organization},
	{Partition: "aws-us-gov", Region: "us-gov-west-1", Account: account, OrganizationID: organization},
}

// keyAt is a key in a place.
func keyAt(t testing.TB, f integration.Facts) policy.Key {
	t.Helper()
	key, err := policy.ParseKeyARN("arn:" + f.Partition + ":kms:" + f.Region + ":" + f.Account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// accountStatement is the API default.
func accountStatement(f integration.Facts) policy.Statement {
	return policy.Statement{
		SID: "Enable IAM User Permissions", Effect: policy.Allow,
		Principals: policy.Principals{Entries: []policy.Principal{{Kind: policy.Account, Text: "arn:" + f.Partition + ":iam::" + f.Account + ":root"}}},
		Actions:    policy.Values("kms:*"), Resources: policy.Values("*"),
	}
}

// lookup returns the row of a name that must be there.
func lookup(t testing.TB, name string) *integration.Row {
	t.Helper()
	r, ok := integration.Lookup(name)
	if !ok {
		t.Fatalf("no integration %s", name)
	}
	return r
}

func statements(t testing.TB, r *integration.Row, f integration.Facts) []policy.Statement {
	t.Helper()
	list, err := r.Statements(f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// withDefault is the API default with further statements.
func withDefault(t testing.TB, f integration.Facts, more ...policy.Statement) *policy.Document {
	t.Helper()
	d, err := policy.New(policy.Version2012, "key-default-1", append([]policy.Statement{accountStatement(f)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// line is a statement on one line.
func line(st policy.Statement) string {
	var who []string
	for _, p := range st.Principals.Entries {
		who = append(who, p.Text)
	}
	return fmt.Sprintf("  %q: %s\n    %s\n    %s\n", st.SID, strings.Join(who, ", "), strings.Join(st.Actions.Values, ", "), policy.CanonicalConditions(st.Conditions))
}

func TestGoldenFiles(t *testing.T) {
	for _, f := range places {
		var b strings.Builder
		for _, r := range integration.All() {
			b.WriteString(r.Name + "\n")
			for _, st := range statements(t, r, f) {
				b.WriteString(line(st))
			}
		}
		checkGolden(t, filepath.Join("testdata", "statements-"+f.Partition+".txt"), b.String())
	}
}

func checkGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; go test -update writes it (-file +program):\n%s", file, diff)
	}
}
