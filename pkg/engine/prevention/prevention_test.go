package prevention_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/prevention"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

var update = flag.Bool("update", false, "write the golden file")

const (
	own     = "111122223333"
	member  = "222233334444"
	partner = "444455556666"
)

// partnered returns a configuration whose baseline requires an administrator and names a partner.
func partnered() *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Organization = rules.Organization{ID: "o-a1b2c3d4e5", Accounts: []string{member}}
	b := &c.Baselines[0]
	b.Administrators.Required = []string{"arn:aws:iam::" + own + ":role/KeyAdmin"}
	b.Users.Required = []string{"arn:aws:iam::" + partner + ":root"}
	b.Users.Permitted = append(b.Users.Permitted, "arn:aws:iam::"+member+":root", "arn:aws:iam::"+own+":role/App")
	b.GuardrailAccess = "arn:${Partition}:iam::${AccountId}:role/kms-guardrail"
	return c
}

func textOf(t *testing.T, p prevention.Policy) string {
	t.Helper()
	text, err := p.Document.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThePoliciesOfAConfiguration(t *testing.T) {
	p, err := prevention.For(partnered())
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/policies.txt"
	got := textOf(t, p.Service) + textOf(t, p.Resource)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got (go test -update):\n%s", diff)
	}
	for _, policy := range []prevention.Policy{p.Service, p.Resource} {
		if len(policy.Reasons) != len(policy.Document.Statement) {
			t.Errorf("%d reasons for %d statements", len(policy.Reasons), len(policy.Document.Statement))
		}
	}
}

// TestWhoGetsThrough asks the evaluator about calls under both policies.
func TestWhoGetsThrough(t *testing.T) {
	p, err := prevention.For(partnered())
	if err != nil {
		t.Fatal(err)
	}
	role := func(account string) evaluation.Request {
		arn := "arn:aws:iam::" + account + ":role/r"
		return evaluation.Request{Principal: arn, PrincipalType: evaluation.RolePrincipal, PrincipalAccount: account, Context: map[string]any{
			"aws:PrincipalArn": arn, "aws:PrincipalAccount": account, "kms:CallerAccount": account, "aws:PrincipalIsAWSService": "false",
		}}
	}
	of := func(r evaluation.Request, more ...string) evaluation.Request {
		for i := 0; i < len(more); i += 2 {
			r.Context[more[i]] = more[i+1]
		}
		return r
	}
	service := func(more ...string) evaluation.Request {
		return of(evaluation.Request{Principal: "s3.amazonaws.com", PrincipalType: evaluation.ServicePrincipal, Context: map[string]any{
			"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "s3.amazonaws.com",
		}}, more...)
	}
	for _, row := range []struct {
		request evaluation.Request
		action  string
		want    bool
		reason  string
	}{
		{of(role(own), "aws:PrincipalOrgID", "o-a1b2c3d4e5"), "kms:Decrypt", true, "it is of the organization"},
		{of(role("555566667777"), "aws:PrincipalOrgID", "o-a1b2c3d4e5"), "kms:Decrypt", true, "nobody has to list the members"},
		{of(role(partner), "aws:PrincipalOrgID", "o-zzzzzzzzzz"), "kms:Decrypt", true, "guardrail.yaml names the partner"},
		{of(role("999988887777"), "aws:PrincipalOrgID", "o-zzzzzzzzzz"), "kms:Decrypt", false, "it is of another organization"},
		{role("999988887777"), "kms:Decrypt", false, "it is of no organization"},
		{of(role(own), "aws:PrincipalOrgID", "o-a1b2c3d4e5", "kms:BypassPolicyLockoutSafetyCheck", "true"), "kms:PutKeyPolicy", false, "it skips the check"},
		{of(role(own), "aws:PrincipalOrgID", "o-a1b2c3d4e5", "kms:BypassPolicyLockoutSafetyCheck", "false"), "kms:PutKeyPolicy", true, "it does not skip the check"},
		{service("aws:SourceAccount", own, "aws:SourceOrgID", "o-a1b2c3d4e5"), "kms:Decrypt", true, "the service acts for a member"},
		{service("aws:SourceAccount", "999988887777", "aws:SourceOrgID", "o-zzzzzzzzzz"), "kms:Decrypt", false, "the service acts for another organization"},
		{service("aws:SourceAccount", "999988887777"), "kms:Decrypt", false, "the service acts for an account of no organization"},
		{service("aws:SourceAccount", partner), "kms:Decrypt", true, "the service acts for the partner"},
		{service(), "kms:Decrypt", true, "the service does not say for whom it acts"},
	} {
		row.request.Action, row.request.IdentityPolicyAllows = row.action, true
		if got := passes(t, p, row.request); got != row.want {
			t.Errorf("%v, want %v: %s", got, row.want, row.reason)
		}
	}
}

// passes tells whether the Denies of both policies let a request through. It reads their text.
func passes(t *testing.T, p prevention.Policies, r evaluation.Request) bool {
	t.Helper()
	var list []any
	list = append(list, map[string]any{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"})
	for _, text := range []string{textOf(t, p.Service), textOf(t, p.Resource)} {
		var d struct{ Statement []map[string]any }
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		for _, st := range d.Statement {
			st["Principal"] = "*"
			list = append(list, st)
		}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	key := policy.Key{Partition: "aws", Account: own, Region: "us-east-1", ARN: "arn:aws:kms:us-east-1:" + own + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"}
	r.Resource = key.ARN
	decision, reasons := evaluation.Evaluate(key, d.Set, r)
	if decision == evaluation.Inconclusive {
		t.Fatalf("not decided: %+v", reasons)
	}
	return decision.Allows()
}

func TestWhatAConfigurationCannotPrevent(t *testing.T) {
	for _, row := range []struct {
		change func(*rules.Configuration)
		want   string // a part of the error
		reason string
	}{
		{func(c *rules.Configuration) { c.Organization.ID = "" }, "organization.id is missing", "outsiders are those of no or another organization"},
		{func(c *rules.Configuration) {
			for i := range 400 {
				c.Baselines[0].Users.Permitted = append(c.Baselines[0].Users.Permitted, "arn:aws:iam::4444"+strings.Repeat("0", 5)+string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10))+":root")
			}
		}, "Organizations takes 5120", "Organizations would refuse it"},
		{func(c *rules.Configuration) {
			c.Baselines[0].Users.Required = []string{"arn:aws:iam::" + partner + ":root"}
			c.Organization.Accounts = append(c.Organization.Accounts, partner)
		}, "", "an account that is listed as a member calls as a member"},
	} {
		c := partnered()
		row.change(c)
		_, err := prevention.For(c)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%v, want %q: %s", err, row.want, row.reason)
		}
	}
	c := partnered()
	c.Organization.ID = ""
	if _, err := prevention.For(c); !errors.Is(err, prevention.ErrNoOrganization) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsPermittedAndRefusedIsSaid(t *testing.T) {
	for _, row := range []struct {
		permit string
		want   string // a part of the sentence, "" for none
		listed string // an account or organization of the policy, "" for none
		reason string
	}{
		{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:role/x"},"Action":"kms:Decrypt","Resource":"*"}`, "", "777788889999", "the statement names the account"},
		{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-zzzzzzzzzz"}}}`, "", "o-zzzzzzzzzz", "the statement names the organization"},
		{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"777788889999"}}}`, "", "777788889999", "the condition names the account"},
		{`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:777788889999:*"}}}`, "", "777788889999", "the service acts for the account"},
		{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}}`, "whose account is a pattern", "", "no list names all accounts"},
		{`{"Sid":"open","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`, "a statement for anyone (open)", "", "no list names everyone"},
		{`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::777788889999:root"},"Action":"kms:Decrypt","Resource":"*"}`, "", "", "a Deny permits nothing"},
	} {
		c := partnered()
		c.Baselines[0].Permit = []rules.Template{rules.Template(row.permit)}
		p, err := prevention.For(c)
		if err != nil {
			t.Errorf("%v: %s", err, row.reason)
			continue
		}
		isSaid := slices.ContainsFunc(p.Refused, func(s string) bool { return row.want != "" && strings.Contains(s, row.want) })
		if isSaid != (row.want != "") || len(p.Refused) > 0 != isSaid {
			t.Errorf("refused: %q, want %q: %s", p.Refused, row.want, row.reason)
		}
		text := textOf(t, p.Resource)
		if row.listed != "" && strings.Count(text, row.listed) != 2 || row.listed == "" && strings.Contains(text, "777788889999") {
			t.Errorf("%s in\n%s: %s", row.listed, text, row.reason)
		}
	}
}
