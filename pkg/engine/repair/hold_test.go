package repair_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	eve           = `{"AWS":"arn:aws:iam::111122223333:user/eve"}`
	serviceLinked = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	viaS3         = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`
	forResources  = `"Bool":{"kms:GrantIsForAWSResource":"true"}`
)

// holding decides on a policy by the strictest baseline, with all reasons to hold.
func holding(t *testing.T, live string, tags map[string]string, previous string, when ...rules.HoldReason) repair.Decision {
	t.Helper()
	c := onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.HoldWhen = when })
	s := snapshot(live)
	s.Labels.Tags = tags
	var recorded *policy.Document
	if previous != "" {
		recorded = document(t, previous)
	}
	d, err := repair.Decide(s, guardrail.Judge(s, c, today), c, writer, recorded)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhatHoldsAnEdit(t *testing.T) {
	logs := allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt", "")
	abroad := allows(`{"AWS":"444455556666"}`, "kms:Decrypt", "")
	service, others := rules.HoldServiceAccess, rules.HoldCrossAccountAccess
	all := rules.HoldReasons()
	for _, row := range []struct {
		statement string
		when      []rules.HoldReason
		want      rules.HoldReason // "" for none
		because   string
	}{
		{logs, all, service, "a use that AWS documents for the service"},
		{logs, nil, "", "nobody asked"},
		{logs, []rules.HoldReason{others}, "", "nobody asked of services"},
		{allows(`{"Service":"unheard-of.amazonaws.com"}`, "kms:Decrypt", ""), all, "", "no use of this service is documented"},
		{allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:PutKeyPolicy", ""), all, "", "administration is never held"},
		{allows(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"444455556666"}`), []rules.HoldReason{service}, "", "what a service does for another account is access of that account"},
		{allows(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:444455556666:*"}`), all, others, "the same by an ARN"},
		{public, all, "", "what is critical is never held"},
		{abroad, all, others, "use by another account, where that is asked for"},
		{abroad, rules.DefaultRepair().HoldWhen, "", "by default, other accounts lose access"},
		{allows(`{"AWS":"444455556666"}`, "kms:CreateGrant", forResources), all, "", "grants by another account are no use"},
		{allows(eve, "kms:Encrypt", ""), all, "", "a principal of the account is no reason"},
		{allows(`{"AWS":"`+serviceLinked+`"}`, "kms:Encrypt", ""), all, service, "a service acts through a role that is linked to it"},
		{allows(`{"AWS":"`+serviceLinked+`"}`, "kms:DisableKey", ""), all, "", "administration is never held"},
		{allows(`{"AWS":"arn:aws:iam::111122223333:role/service-role/backup"}`, "kms:Encrypt", ""), all, "", "anybody can make a role with this path, and assume it"},
		{allows(eve, "kms:Encrypt", viaS3), all, service, "S3 calls on behalf of the user"},
		{allows(eve, "kms:Encrypt", `"StringLike":{"KMS:VIASERVICE":"s3.*"}`), all, service, "condition keys have no case"},
		{allows(eve, "kms:Encrypt", `"StringNotEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`), all, "", "the condition keeps a service out"},
		{allows(eve, "kms:Encrypt", `"Null":{"kms:ViaService":"true"}`), all, "", "no service is let in"},
		{allows(eve, "kms:Encrypt", `"Null":{"kms:ViaService":"false"}`), all, service, "only services are let in"},
		{allows(eve, "kms:CreateGrant", forResources), all, service, "grants for AWS resources by a principal of the account"},
		{allows(eve, "kms:CreateGrant", `"Bool":{"kms:GrantIsForAWSResource":"false"}`), all, "", "grants for somebody else"},
		{allows(eve, "kms:CreateGrant", ""), all, "", "grants for anybody"},
	} {
		d := holding(t, statements(root, row.statement), map[string]string{}, "", row.when...)
		switch {
		case row.want == "" && (d.Held || len(d.Holds) > 0):
			t.Errorf("%s: %s: %s", row.statement, describeHolds(d), row.because)
		case row.want != "" && (!d.Held || len(d.Holds) != 1 || d.Holds[0].Reason != row.want):
			t.Errorf("%s: held: %v, %s, want %s: %s", row.statement, d.Held, describeHolds(d), row.want, row.because)
		}
	}
}

// A hold keeps one principal and its use. What stands beside it goes.
func TestAHoldKeepsWhatItIsAboutAndNothingBesideIt(t *testing.T) {
	for _, row := range []struct {
		live, left []string
		because    string
	}{
		{[]string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", ""), foreign}, []string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", "")}, "a decoy shields no other statement"},
		{[]string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com","AWS":"444455556666"}`, "kms:Encrypt", "")}, []string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", "")}, "nor the principal beside it"},
		{[]string{root, strings.Replace(allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", ""), `"kms:Encrypt"`, `["kms:Encrypt","kms:PutKeyPolicy"]`, 1)}, []string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", "")}, "nor administration by itself"},
		{[]string{root, public, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", "")}, []string{root, allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Encrypt", "")}, "what is critical goes, and the service keeps its access"},
	} {
		d := holding(t, statements(row.live...), map[string]string{}, "", rules.HoldServiceAccess)
		if want := document(t, statements(row.left...)); d.Held || len(d.Holds) != 1 || d.Plan.After != want.Hash("aws") {
			t.Errorf("held: %v, %s, %s is left, want %s: %s", d.Held, describeHolds(d), d.Plan.Document.Text(), want.Text(), row.because)
		}
		if !strings.Contains(describeHolds(d), `service "logs.us-east-1.amazonaws.com" would lose in statement `) {
			t.Errorf("%s", describeHolds(d))
		}
	}
}

// What the judged event itself added has no users yet.
func TestOnlyWhatTheRecordedPolicyHadIsHeld(t *testing.T) {
	logs := func(actions string) string {
		return strings.Replace(allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "x", ""), `"x"`, actions, 1)
	}
	both, one := logs(`["kms:Encrypt","kms:Decrypt"]`), logs(`"kms:Encrypt"`)
	for _, row := range []struct {
		previous string
		held     bool
		left     []string
		because  string
	}{
		{"", true, nil, "nothing is recorded of the key"},
		{statements(root, both), true, nil, "it was there before"},
		{statements(root), false, []string{root}, "it was not"},
		{statements(root, one), false, []string{root, one}, "a part of it was"},
		{statements(root, strings.Replace(both, `"Condition":{}`, `"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`, 1)), false, []string{root}, "it had a bound before"},
		{statements(root, logs(`"kms:*"`)), true, nil, "more was there before"},
	} {
		d := holding(t, statements(root, both), map[string]string{}, row.previous, rules.HoldServiceAccess)
		if d.Held != row.held {
			t.Errorf("held: %v, %s: %s", d.Held, describeHolds(d), row.because)
		}
		if row.left != nil {
			if want := document(t, statements(row.left...)); d.Plan.After != want.Hash("aws") {
				t.Errorf("%s, want %s: %s", d.Plan.Document.Text(), want.Text(), row.because)
			}
		}
	}
}

func TestAStackHoldsAllButWhatIsCritical(t *testing.T) {
	stack := map[string]string{"aws:cloudformation:stack-name": "payments", "aws:cloudformation:stack-id": "arn:aws:cloudformation:us-east-1:111122223333:stack/payments/1"}
	user := allows(eve, "kms:Encrypt", "")
	for _, row := range []struct {
		live   []string
		tags   map[string]string
		held   bool
		left   []string
		detail string
	}{
		{[]string{root, user}, stack, true, []string{root}, `change KeyPolicy in stack "arn:aws:cloudformation:us-east-1:111122223333:stack/payments/1"`},
		{[]string{root, user}, map[string]string{"aws:cloudformation:stack-name": "payments"}, true, []string{root}, `stack "payments"`},
		{[]string{root, user}, nil, true, []string{root}, "not known"},
		{[]string{root, user, public}, stack, false, []string{root, user}, "would bring its policy back"},
		{[]string{allows(`"*"`, "kms:*", "")}, stack, false, []string{root}, "would bring its policy back"},
	} {
		d := holding(t, statements(row.live...), row.tags, "", rules.HoldCloudFormation)
		if want := document(t, statements(row.left...)); d.Held != row.held || d.Plan.After != want.Hash("aws") || !strings.Contains(describeHolds(d), row.detail) {
			t.Errorf("%v: held: %v, %s, %s", row.live, d.Held, describeHolds(d), d.Plan.Document.Text())
		}
	}
	if d := holding(t, statements(root, user), map[string]string{}, "", rules.HoldCloudFormation); d.Held || len(d.Holds) > 0 {
		t.Errorf("no stack holds: %s", describeHolds(d))
	}
}

// A reset has no part: all of it is held, unless something is critical.
func TestAResetIsHeldAsAWhole(t *testing.T) {
	logs := allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt", "")
	for _, row := range []struct {
		live []string
		held bool
	}{{[]string{root, logs, foreign}, true}, {[]string{root, logs, public}, false}, {[]string{root, foreign}, false}} {
		c := onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) {
			c.Repair.Strategy, c.Repair.HoldWhen = rules.Reset, []rules.HoldReason{rules.HoldServiceAccess}
		})
		d, err := decide(statements(row.live...), c)
		if err != nil || d.Held != row.held || d.Plan.Edits[0].Kind != repair.ReplaceDocument {
			t.Errorf("%v: held: %v, %v, %v", row.live, d.Held, d.Plan.Edits, err)
		}
	}
}
