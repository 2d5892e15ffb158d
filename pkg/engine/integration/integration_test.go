package integration_test

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestEveryRowIsComplete(t *testing.T) {
	kebabCase := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	day := regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
	for _, r := range integration.All() {
		if !kebabCase.MatchString(r.Name) {
			t.Errorf("%s: the name is not in kebab-case", r.Name)
		}
		if r.Title == "" || r.Description == "" || strings.ContainsAny(r.Description+r.Note, "\n|") {
			t.Errorf("%s: a title and a description of one line are wanted", r.Name)
		}
		if len(r.Sources) == 0 || strings.HasPrefix(r.Source(), "not found") || !day.MatchString(r.Date) {
			t.Fatalf("%s: a page of the AWS documentation and the day on which it was read are wanted", r.Name)
		}
		for _, text := range r.Sources {
			source, err := url.Parse(text)
			if !strings.HasPrefix(text, "not found: ") && (err != nil || source.Scheme != "https" || source.Host != "docs.aws.amazon.com") {
				t.Errorf("%s: the source %q is no page of the AWS documentation", r.Name, text)
			}
		}
		keyType := defaultpolicy.KeyType{Spec: defaultpolicy.KeySpec(r.KeySpec), Usage: defaultpolicy.KeyUsage(r.KeyUsage)}.WithDefaults()
		if err := keyType.Validate(); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}

func TestWhatARowSaysIsRead(t *testing.T) {
	for _, r := range integration.All() {
		if len(r.Services) == 0 && len(r.Bounds)+len(r.Unbound)+len(r.Auxiliary)+len(r.Sends) > 0 {
			t.Errorf("%s: a bound without a service bounds nobody", r.Name)
		}
		for _, list := range [][]string{r.Use, r.Grants, r.Auxiliary, r.Unbound} {
			for _, action := range list {
				if !strings.HasPrefix(action, "kms:") {
					t.Errorf("%s: %q is no action of KMS", r.Name, action)
				}
			}
		}
		for _, action := range r.Auxiliary {
			if action != "kms:DescribeKey" {
				t.Errorf("%s: the auxiliary %q may give more than metadata", r.Name, action)
			}
		}
		for _, name := range r.Includes {
			if other, ok := integration.Lookup(name); name != "*" && (!ok || len(other.Includes) > 0) {
				t.Errorf("%s: includes %q, which is no row, or one that includes rows itself", r.Name, name)
			}
		}
		for _, c := range r.Bounds {
			if _, err := policy.ParseOperator(c.Operator); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
	}
}

func TestNamesAreSortedAndUnique(t *testing.T) {
	all := integration.All()
	for i, r := range all {
		if i > 0 && all[i-1].Name >= r.Name {
			t.Errorf("%s stands before %s", all[i-1].Name, r.Name)
		}
		if lookup(t, r.Name) != r {
			t.Errorf("Lookup(%q) is another row", r.Name)
		}
	}
}

func TestNamesOfEarlierVersionsAreKept(t *testing.T) {
	for _, name := range []string{
		"autoscaling", "cloudfront", "cloudtrail", "cloudwatch-alarms", "cloudwatch-logs",
		"log-delivery", "route53-dnssec", "s3-notifications", "services-in-account", "sns-to-sqs",
	} {
		lookup(t, name)
	}
}

func TestLookupKnowsNoOtherNames(t *testing.T) {
	for _, name := range []string{"", "CloudTrail", "cloudtrail ", "cloud-trail", "zzz"} {
		if r, ok := integration.Lookup(name); ok {
			t.Errorf("Lookup(%q) = %s", name, r.Name)
		}
	}
}

func TestSendsKey(t *testing.T) {
	tests := []struct {
		row, key string
		want     integration.Answer
		reason   string
	}{
		{"eventbridge-to-sns", "aws:SourceArn", integration.No, "because SNS says that it is not supported"},
		{"eventbridge-to-sns", "AWS:sourceaccount", integration.No, "because the names of condition keys ignore case"},
		{"eventbridge-to-sqs", "aws:SourceArn", integration.Yes, "because SQS lists CloudWatch Events"},
		{"s3-inventory", "aws:SourceArn", integration.Yes, "because it is sent, but bounds nothing"},
		{"config", "aws:SourceOrgID", integration.NotSaid, "because the page is silent"},
	}
	for _, test := range tests {
		if got := lookup(t, test.row).SendsKey(test.key); got != test.want {
			t.Errorf("%s, %s: got %d, want %d, %s", test.row, test.key, got, test.want, test.reason)
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
		if len(i.Includes) > 0 {
			continue // it repeats other rows
		}
		for _, s := range statements(t, i, places[0]) {
			if s.SID == "" || seen[s.SID] != "" {
				t.Errorf("%s: the Sid %q is also of %s", i.Name, s.SID, cmp.Or(seen[s.SID], "nothing"))
			}
			seen[s.SID] = i.Name
		}
	}
}

// policy.New reads what it writes, so each statement parses as a policy of its own too. A
// pattern for roles needs "*" and aws:PrincipalArn, which lint reports in a live policy; here
// it is part of a ceiling, and service-linked roles have no permissions boundary.
func TestLintFindsNothing(t *testing.T) {
	for _, i := range integration.All() {
		for _, f := range places {
			for _, s := range statements(t, i, f) {
				for _, finding := range lint.Check(keyAt(t, f), withDefault(t, f, s)) {
					if finding.Severity == lint.Info || finding.Code == lint.BypassesBoundary && strings.Contains(s.SID, "by pattern") {
						continue
					}
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
		if list := statements(t, lookup(t, test.name), test.place); len(list) > 0 {
			t.Errorf("%s in %s has %d statements, but none is right, %s", test.name, test.place.Region, len(list), test.reason)
		}
	}
	for _, r := range integration.All() {
		if (len(statements(t, r, places[0])) == 0) != (r.Name == "eventbridge-to-sns") {
			t.Errorf("%s has no statement in us-east-1, or should have none", r.Name)
		}
	}
}

func TestStatementsRefusesFactsOfNoKey(t *testing.T) {
	tests := []struct {
		facts    integration.Facts
		want     string
		anyPlace bool // a row of any place does not mind
		reason   string
	}{
		{integration.Facts{Partition: "aws", Region: "us-east-1", Account: "11112222333"}, "account id", false, "because an account has twelve digits"},
		{integration.Facts{Partition: "aws", Region: "us-east-1", Account: "*"}, "account id", false, "because a wildcard would cover every account"},
		{integration.Facts{Partition: "aws", Region: "*", Account: account}, "place|Region", false, "because a wildcard would cover every Region"},
		{integration.Facts{Partition: "a*", Region: "us-east-1", Account: account}, "place|partitions", false, "because a wildcard would cover every partition"},
		{integration.Facts{Partition: "aws", Region: "us-east-1.evil", Account: account}, "place|Region", false, "because it would end up in a service principal"},
		{integration.Facts{Partition: "aws", Account: account}, "depends on the key.s Region", true, "because a key has a Region"},
		{integration.Facts{Partition: "aws", Region: "cn-north-1", Account: account}, "not in the partition", true, "because the Region is in China"},
		{integration.Facts{Partition: "aws-us-gov", Region: "us-east-1", Account: account}, "not in the partition", true, "because the Region is commercial"},
		{integration.Facts{Partition: "aws-eusc", Region: "eusc-de-east-1", Account: account}, "under permit", true, "because its service principals are not known"},
		{integration.Facts{}, "place|partitions aws", false, "because nothing is known"},
	}
	for _, test := range tests {
		for _, r := range integration.All() {
			list, err := r.Statements(test.facts)
			if r.AnyPlace && test.anyPlace {
				if err != nil {
					t.Errorf("%s: %+v: %v, but the row is for any place", r.Name, test.facts, err)
				}
				continue
			}
			if err == nil || list != nil {
				t.Errorf("%s: %+v is accepted; it must not be, %s", r.Name, test.facts, test.reason)
			} else if text := err.Error(); !regexp.MustCompile(test.want).MatchString(text) || !strings.Contains(text, r.Name) {
				t.Errorf("%s: the error %q does not tell %q", r.Name, text, test.want)
			}
		}
	}
}
