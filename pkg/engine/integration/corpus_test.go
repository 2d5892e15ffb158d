package integration_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// documentedPage is one key policy that AWS or a vendor documents, for a key of us-east-1. Its kind is S
// (a service with a bound), U (a service as printed without one), L (a service-linked or
// service role), V (any principal through a service), X (another account), R (a role).
type documentedPage struct {
	Name, Kind, Source string
	Statements         json.RawMessage
}

func documentedPages(t *testing.T) []documentedPage {
	t.Helper()
	text, err := os.ReadFile("testdata/documented-policies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var pages []documentedPage
	for line := range bytes.Lines(text) {
		var p documentedPage
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	if len(pages) != 39 {
		t.Fatalf("%d pages, want 39", len(pages))
	}
	return pages
}

func (p documentedPage) read(t *testing.T) []policy.Statement {
	t.Helper()
	d, err := policy.Parse(`{"Version":"2012-10-17","Statement":` + string(p.Statements) + `}`)
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	return d.Statements
}

// right is what must be said of a page: the integrations that accept it, each alone, or for
// what is not bounded, the row that prints each statement.
var right = map[string]struct {
	accepting []string
	unbound   []string // rows that print its statements without a bound
	reason    string
}{
	"asg-slr":                  {accepting: []string{"autoscaling"}, reason: "the role belongs to the account"},
	"backup-slr-xacct":         {reason: "the role belongs to another account"},
	"bedrock-studio":           {unbound: []string{"bedrock-studio", "bedrock-agents", "bedrock-studio"}, reason: "names of context keys and log groups of any account bound nothing"},
	"cloudfront-access-logs":   {unbound: []string{"cloudfront-logs"}, reason: "the page prints no condition"},
	"cloudfront-oac":           {accepting: []string{"cloudfront", "bound-services"}, reason: "the distribution is of the account"},
	"cloudtrail-console":       {accepting: []string{"cloudtrail", "bound-services"}, reason: "it is what the console writes"},
	"cloudtrail-decrypt-trail": {unbound: []string{"cloudtrail"}, reason: "the page prints no condition"},
	"cloudtrail-encrypt":       {accepting: []string{"cloudtrail", "bound-services"}, reason: "trail and context are of the account"},
	"config-delivery":          {accepting: []string{"config", "control-tower", "bound-services"}, reason: "the source account is documented"},
	"cw-evidently":             {unbound: []string{"evidently"}, reason: "the page prints no condition"},
	"ebs-via-ec2":              {accepting: []string{"services-in-account"}, reason: "principals of the account go through EC2"},
	"eventbridge-bus":          {accepting: []string{"eventbridge-bus", "bound-services"}, reason: "kms:DescribeKey is auxiliary"},
	"msk-logging":              {unbound: []string{"evidently"}, reason: "the page prints no condition"},
	"quicksight-vended-logs":   {accepting: []string{"log-delivery", "eventbridge-pipes", "bound-services"}, reason: "the context SourceArn ends in a literal :*"},
	"rds-ssrs":                 {unbound: []string{"rds-ssrs"}, reason: "the page prints no condition"},
	"redshift-query-editor-v2": {accepting: []string{"redshift", "services-in-account"}, reason: "principals of the account go through the editor"},
	"route53-dnssec":           {unbound: []string{"route53-dnssec", "route53-dnssec"}, reason: "the page prints no bound"},
	"route53-dnssec-bound":     {unbound: []string{"", "route53-dnssec"}, reason: "the use is bounded, the grant is printed without a bound"},
	"s3-inventory":             {accepting: []string{"s3-inventory", "s3-notifications", "bound-services"}, reason: "the source account is documented"},
	"s3-notifications-open":    {unbound: []string{"s3-notifications"}, reason: "the page prints no condition"},
	"sns-budgets":              {accepting: []string{"budgets", "bound-services"}, reason: "account and ARN are documented"},
	"sns-cloudwatch-alarms":    {accepting: []string{"cloudwatch-alarms", "bound-services"}, reason: "account and ARN are documented"},
	"sqs-source-arn":           {accepting: []string{"eventbridge-to-sqs", "bound-services"}, reason: "the rule is of the account"},
	"workspaces-web":           {accepting: []string{"workspaces-web", "bound-services"}, reason: "the source account is documented"},

	"sns-cloudwatch-alarms-open": {unbound: []string{"cloudwatch-alarms"}, reason: "the page prints no condition"},
	"cloudtrail-import-role":     {reason: "a role of the account is for the baseline to permit"},
}

func TestDocumentedPoliciesOfServices(t *testing.T) {
	f, judged := places[0], 0
	for _, p := range documentedPages(t) {
		want, ok := right[p.Name]
		if !slices.Contains([]string{"S", "U", "L", "V"}, p.Kind) {
			continue
		}
		judged++
		if !ok {
			t.Errorf("%s has no right answer", p.Name)
			continue
		}
		list := p.read(t)
		for _, name := range append([]string{"bound-services"}, want.accepting...) {
			got := access.Within(keyAt(t, f), withDefault(t, f).Set, withDefault(t, f, list...).Set, withDefault(t, f, statements(t, lookup(t, name), f)...).Set)
			if (got.Verdict == access.Inside) != slices.Contains(want.accepting, name) {
				t.Errorf("%s within %s: %s, but %s: %+v", p.Name, name, got.Verdict, want.reason, got)
			}
		}
		checkUnbound(t, p, list, want.unbound)
	}
	if judged != len(right) {
		t.Errorf("%d pages judged, %d right answers", judged, len(right))
	}
}

// checkUnbound holds what Classify says of each statement for services against the rows that
// print it without a bound.
func checkUnbound(t *testing.T, p documentedPage, list []policy.Statement, rows []string) {
	t.Helper()
	for i, st := range list {
		for _, who := range st.Principals.Entries {
			if who.Kind != policy.Service {
				continue
			}
			got := integration.Classify(integration.Use{Service: who.Text, Actions: st.Actions.Values, Conditions: st.Conditions}, places[0])
			want := ""
			if i < len(rows) {
				want = rows[i]
			}
			switch {
			case got.Unknown:
				t.Errorf("%s: %s is unknown", p.Name, who.Text)
			case want == "" && got.Bound == integration.None && got.Auxiliary == nil:
				t.Errorf("%s, statement %d: not bound: %+v", p.Name, i, got)
			case want != "" && (got.Bound != integration.None || got.DocumentedUnbound == nil || !strings.Contains(got.MissingCondition, account)):
				t.Errorf("%s, statement %d: want it unbound and documented: %+v", p.Name, i, got)
			case want != "" && got.DocumentedUnbound.Name != want:
				t.Errorf("%s, statement %d: the row %s prints it, want %s", p.Name, i, got.DocumentedUnbound.Name, want)
			}
		}
	}
}
