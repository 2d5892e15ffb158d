package integration_test

import (
	"cmp"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestEveryEntryIsComplete(t *testing.T) {
	kebabCase := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, i := range integration.All() {
		if !kebabCase.MatchString(i.Name) {
			t.Errorf("%s: the name is not in kebab-case", i.Name)
		}
		if i.Title == "" || i.Description == "" || strings.Contains(i.Description, "\n") {
			t.Errorf("%s: a title and a description of one line are wanted", i.Name)
		}
		source, err := url.Parse(i.Source)
		if err != nil || source.Scheme != "https" || source.Host != "docs.aws.amazon.com" {
			t.Errorf("%s: the source %q is no page of the AWS documentation", i.Name, i.Source)
		}
		keyType := defaultpolicy.KeyType{Spec: defaultpolicy.KeySpec(i.KeySpec), Usage: defaultpolicy.KeyUsage(i.KeyUsage)}.WithDefaults()
		if err := keyType.Validate(); err != nil {
			t.Errorf("%s: %v", i.Name, err)
		}
	}
}

func TestNamesAreSortedAndUnique(t *testing.T) {
	all := integration.All()
	if !slices.IsSortedFunc(all, func(a, b integration.Integration) int { return cmp.Compare(a.Name, b.Name) }) {
		t.Error("the table is not sorted by name")
	}
	for _, i := range all {
		got, ok := integration.Lookup(i.Name)
		if !ok || got.Source != i.Source || got.Title != i.Title {
			t.Errorf("Lookup(%q) = %q, %t", i.Name, got.Title, ok)
		}
	}
}

func TestLookupKnowsNoOtherNames(t *testing.T) {
	for _, name := range []string{"", "CloudTrail", "cloudtrail ", "cloud-trail"} {
		if i, ok := integration.Lookup(name); ok {
			t.Errorf("Lookup(%q) = %s", name, i.Name)
		}
	}
}

// AWS's console finds the statements of its default key policy by their Sid, and people tell
// by it what a finding is about.
func TestSidsAreUniqueAndNotThoseOfTheDefault(t *testing.T) {
	console, err := defaultpolicy.Generate(defaultpolicy.KeyType{}.WithDefaults(), defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: account, Partition: "aws",
		Administrators: []string{"arn:aws:iam::111122223333:role/Admin"}, Users: []string{otherAccount},
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range console.Statements {
		seen[s.SID] = "the console default"
	}
	for _, i := range integration.All() {
		for _, s := range statements(t, i, places[0]) {
			if s.SID == "" || seen[s.SID] != "" {
				t.Errorf("%s: the Sid %q is also of %s", i.Name, s.SID, cmp.Or(seen[s.SID], "nothing"))
			}
			seen[s.SID] = i.Name
		}
	}
}

// policy.New reads what it writes, so each statement parses as a policy of its own too.
func TestLintFindsNothing(t *testing.T) {
	for _, i := range integration.All() {
		for _, f := range places {
			for _, s := range statements(t, i, f) {
				for _, finding := range lint.Check(keyAt(t, f), withDefault(t, f, s)) {
					t.Errorf("%s in %s, %q: %s: %s", i.Name, f.Region, s.SID, finding.Code, finding.Detail)
				}
			}
		}
	}
}

// bounds tells what bounds a statement to the account. What gives metadata only need not be.
func bounds(f integration.Facts, s policy.Statement) bool {
	if slices.Equal(s.Actions.Values, []string{"kms:DescribeKey"}) {
		return true
	}
	for _, c := range s.Conditions {
		if !c.Operator.Negated && !c.Operator.IfExists && c.Operator.Set == policy.NoSet && strings.Contains(c.Values[0], f.Account) {
			return true
		}
	}
	return s.Principals.Entries[0].AccountID == f.Account
}

func TestEveryStatementIsBoundedToTheAccount(t *testing.T) {
	for _, i := range integration.All() {
		for _, f := range places {
			for _, s := range statements(t, i, f) {
				if s.Effect != policy.Allow || !bounds(f, s) {
					t.Errorf("%s: %q is not bounded to the account", i.Name, s.SID)
				}
			}
		}
	}
}

func TestStatementsAreTheCallersOwn(t *testing.T) {
	for _, i := range integration.All() {
		first := statements(t, i, places[0])
		want := withDefault(t, places[0], first...).Text()
		for _, s := range first {
			s.Actions.Values[0] = "kms:*"
			s.Principals.Entries[0] = policy.Principal{Kind: policy.Anyone, Text: "*"}
			if len(s.Conditions) > 0 {
				s.Conditions[0].Values[0] = otherAccount
			}
		}
		if got := withDefault(t, places[0], statements(t, i, places[0])...).Text(); got != want {
			t.Errorf("%s: a caller changed what others get:\n%s", i.Name, got)
		}
	}
}

func TestSomeServicesTakeNoKeysInSomeRegions(t *testing.T) {
	tests := []struct {
		name   string
		place  integration.Facts
		reason string
	}{
		{"cloudfront", places[2], "because distributions are in the partition aws, so in another account"},
		{"route53-dnssec", places[1], "because Route 53 takes keys in us-east-1 only"},
		{"route53-dnssec", places[2], "because Route 53 takes keys in us-east-1 only"},
		{"route53-dnssec", integration.Facts{Partition: "aws", Region: "eu-central-1", Account: account}, "because Route 53 takes keys in us-east-1 only"},
	}
	for _, test := range tests {
		i, _ := integration.Lookup(test.name)
		if list := statements(t, i, test.place); len(list) > 0 {
			t.Errorf("%s in %s has %d statements, but none is right, %s", test.name, test.place.Region, len(list), test.reason)
		}
	}
	for _, i := range integration.All() {
		if len(statements(t, i, places[0])) == 0 {
			t.Errorf("%s has no statement in us-east-1", i.Name)
		}
	}
}

func TestStatementsRefusesFactsOfNoKey(t *testing.T) {
	tests := []struct {
		facts  integration.Facts
		want   string
		reason string
	}{
		{integration.Facts{Partition: "aws", Region: "us-east-1", Account: "11112222333"}, "account id", "because an account has twelve digits"},
		{integration.Facts{Partition: "aws", Region: "us-east-1", Account: "*"}, "account id", "because a wildcard would cover every account"},
		{integration.Facts{Partition: "aws", Region: "*", Account: account}, "not a Region", "because a wildcard would cover every Region"},
		{integration.Facts{Partition: "aws", Region: "us-east-1.evil", Account: account}, "not a Region", "because it would end up in a service principal"},
		{integration.Facts{Partition: "aws", Account: account}, "not a Region", "because a key has a Region"},
		{integration.Facts{Partition: "aws", Region: "cn-north-1", Account: account}, "not in the partition", "because the Region is in China"},
		{integration.Facts{Partition: "aws-us-gov", Region: "us-east-1", Account: account}, "not in the partition", "because the Region is commercial"},
		{integration.Facts{Partition: "aws-iso", Region: "us-iso-east-1", Account: account}, "under permit", "because its service principals are not known"},
		{integration.Facts{}, "partitions aws", "because nothing is known"},
	}
	for _, test := range tests {
		for _, i := range integration.All() {
			list, err := i.Statements(test.facts)
			if err == nil || list != nil {
				t.Errorf("%s: %+v is accepted; it must not be, %s", i.Name, test.facts, test.reason)
			} else if text := err.Error(); !strings.Contains(text, test.want) || !strings.Contains(text, i.Name) {
				t.Errorf("%s: the error %q does not tell %q", i.Name, text, test.want)
			}
		}
	}
}

func TestTheDocumentListsEveryEntry(t *testing.T) {
	text, err := os.ReadFile("../../../docs/integrations.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, i := range integration.All() {
		want = append(want, "| `"+i.Name+"` | "+i.Description+" | ["+i.Title+"]("+i.Source+") |")
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table of docs/integrations.md is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
