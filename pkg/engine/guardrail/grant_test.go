package guardrail_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestGrantsThatNobodyPermitted(t *testing.T) {
	const partner, member, other = "arn:aws:iam::444455556666:role/backup", "arn:aws:iam::555566667777:role/backup", "arn:aws:iam::777788889999:role/x"
	c := configured(func(b *rules.Baseline) {
		b.Style = defaultpolicy.API
		b.Permit = []rules.Template{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*"}`}
	})
	c.Organization = rules.Organization{ID: "o-a1b2c3d4e5", Accounts: []string{"555566667777"}}
	for _, row := range []struct {
		grant    guardrail.Grant
		severity rules.Severity // rules.NoSeverity for no finding
		says     string
		reason   string
	}{
		{guardrail.Grant{ID: "0c23", Grantee: other, Operations: []string{"Decrypt"}}, rules.High, "A grant lets arn:aws:iam::777788889999:role/x decrypt (kms:Decrypt). No repair of the key policy takes a grant back. To revoke it: aws kms revoke-grant --key-id " + symmetric.ARN + " --grant-id 0c23", "another account may decrypt"},
		{guardrail.Grant{Grantee: other, Operations: []string{"Decrypt"}}, rules.High, "To revoke it: aws kms list-grants --key-id " + symmetric.ARN, "the event does not say which grant"},
		{guardrail.Grant{Grantee: other, Operations: []string{"DescribeKey"}}, rules.Low, "look at the key", "it may look at the key only"},
		{guardrail.Grant{Grantee: other, Operations: []string{"CreateGrant", "DescribeKey"}}, rules.High, "create grants", "it may make more grants"},
		{guardrail.Grant{Grantee: member, Operations: []string{"Decrypt"}}, rules.Medium, "decrypt", "the account is of the own organization"},
		{guardrail.Grant{Grantee: partner, Operations: []string{"Decrypt", "DescribeKey"}}, rules.NoSeverity, "", "guardrail.yaml permits the account that"},
		{guardrail.Grant{Grantee: partner, Operations: []string{"Decrypt", "Encrypt"}}, rules.High, "encrypt (kms:Encrypt)", "guardrail.yaml does not permit it to encrypt"},
		{guardrail.Grant{Grantee: "arn:aws:iam::111122223333:role/App", Operations: []string{"Decrypt"}}, rules.NoSeverity, "", "who may create grants answers for those within the account"},
		{guardrail.Grant{Grantee: "dynamodb.amazonaws.com", Operations: []string{"Decrypt"}}, rules.NoSeverity, "", "so for those of services"},
		{guardrail.Grant{Grantee: "AROAQ3EGRUZL2Z5FEXAMPLE", Operations: []string{"Decrypt"}}, rules.High, "somebody who is named AROAQ3EGRUZL2Z5FEXAMPLE", "nobody knows who that is"},
		{guardrail.Grant{Grantee: "<script>", Operations: []string{"Decrypt"}}, rules.High, `somebody who is named \u003cscript\u003e`, "what is no principal is told, and does nothing to whoever reads it"},
	} {
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement), Evidence: guardrail.LivePolicy, Grant: &row.grant}, c, now)
		if row.severity == rules.NoSeverity {
			if j.Verdict != guardrail.Compliant {
				t.Errorf("%+v: %s", j.Findings, row.reason)
			}
			continue
		}
		if j.Severity != row.severity || len(j.Findings) != 1 || j.Findings[0].Code != guardrail.CodeForeignGrant || !strings.Contains(j.Findings[0].Message, row.says) {
			t.Errorf("%s %+v, want %s %q: %s", j.Severity, j.Findings, row.severity, row.says, row.reason)
		}
	}
}
