package repair_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The usual configuration: the account statement is required; roles of the account are permitted as
// administrators and as users, another account may decrypt, and two services have their conditions.
const (
	anyRole      = `"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`
	adminActions = `["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"]`
	userActions  = `["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"]`

	accountStatement = `{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	usersStatement   = `{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"}`
)

var usualPermits = []rules.Template{
	`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":` + adminActions + `,"Resource":"*",` + anyRole + `}`,
	`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":` + userActions + `,"Resource":"*",` + anyRole + `}`,
	`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"},"Bool":{"kms:GrantIsForAWSResource":"true"}}}`,
	`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"}`,
	`{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:log-group:*"}}}`,
	`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main","aws:SourceAccount":["111122223333","444455556666"]}}}`,
}

// usual is the usual configuration, from a severity on, with other permitted statements where
// there are some.
func usual(from rules.Severity, permits ...rules.Template) *rules.Configuration {
	return onlyAccount(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From, b.Permit = from, usualPermits
		if len(permits) > 0 {
			b.Permit = permits
		}
	})
}

// plans are key policies and what a plan makes of them under the usual configuration, in testdata/plans.
var plans = []struct{ name, because, live string }{
	{"public", "of everyone, the ceiling has the roles of the account and one other account; the rest has the account statement", pretty(accountStatement, public)},
	{"public-everything", "without an account statement, what it gave the account stays there", `{"Version":"2012-10-17","Statement":[{"Sid":"open","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`},
	{"public-of-the-organization", "the condition of the statement and that of the ceiling both hold", pretty(accountStatement,
		`{"Sid":"org","Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`)},
	{"public-behind-a-deny", "a Deny keeps most of a public statement inside; what is left over is another account that may decrypt", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Eve"},"Action":"kms:Encrypt","Resource":"*"}`,
		`{"Sid":"roles","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}`,
		`{"Sid":"ours only","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}}}`)},
	{"foreign-principal-in-a-list", "one principal is outside for every action", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::777788889999:root","arn:aws:iam::111122223333:role/Other"]`, 1))},
	{"principal-allowed-for-less", "another account may decrypt and nothing else, so that it gets a statement of its own", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::444455556666:root"]`, 1), `{"Sid":"Allow use of the key2","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"action-in-a-list", "a user may not administer", pretty(accountStatement, strings.Replace(usersStatement, `"kms:Encrypt",`, `"kms:Encrypt","kms:RotateKeyOnDemand","kms:CallerAccount",`, 1))},
	{"pattern-of-actions", "a pattern becomes what is inside of it, in its place and without what was said before", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":["kms:R*","kms:Encrypt","kms:Re*"],"Resource":"*"}`)},
	{"most-principals-stay", "the statement stays with most of its principals, wherever they stand in it", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:role/Other"]`, 1))},
	{"public-with-an-unknown-action", "a value that names no action does no harm and stays where the list does", pretty(accountStatement, strings.Replace(public, `"kms:Decrypt"`, `["kms:CallerAccount","kms:Decrypt"]`, 1))},
	{"refused-condition", "KMS refuses the condition, so that no part of the statement may stay; what that loses is told", pretty(accountStatement, strings.Replace(public, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}`, 1))},
	{"everything-for-a-role", "of everything, what administrators and users may do stays, in the words of the ceiling; the rest the role has through the account", pretty(accountStatement,
		`{"Sid":"all","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:*","Resource":"*"}`)},
	{"not-action", "what is not named is outside in part", pretty(accountStatement,
		`{"Sid":"all but","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"NotAction":["kms:PutKeyPolicy","kms:Create*"],"Resource":"*"}`)},
	{"service-without-conditions", "a service keeps its access under the conditions of the ceiling", pretty(accountStatement,
		`{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*"}`)},
	{"service-with-wider-conditions", "values that both have stay, and where patterns meet both conditions stand there", pretty(accountStatement,
		`{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":["111122223333","999988887777"]},"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*"}}}`,
		`{"Sid":"logs","Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:*:*:log-group:/aws/*"}}}`)},
	{"nothing-inside", "no access of an unknown service is inside; the statement goes with its comma", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`, usersStatement)},
	{"deny-of-the-account", "the Deny takes one action from the account, and it covers everyone", pretty(accountStatement,
		`{"Sid":"freeze","Effect":"Deny","Principal":"*","Action":["kms:PutKeyPolicy","kms:Decrypt"],"Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`, usersStatement)},
	{"deny-of-the-account-among-others", "only the account has to have access; the Deny for the other account stays", pretty(accountStatement,
		`{"Sid":"freeze","Effect":"Deny","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":"kms:*","Resource":"*"}`)},
	{"no-account-statement", "what the floor lacks is added at the end", pretty(usersStatement)},
	{"account-under-a-condition", "the statement is inside and stays; what it lacks is added", pretty(strings.Replace(accountStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, 1))},
	{"account-with-fewer-actions", "only the actions that lack are added", pretty(strings.Replace(accountStatement, `"kms:*"`, `["kms:Describe*","kms:Get*","kms:List*","kms:Put*"]`, 1), usersStatement)},
	{"deleted-principals", "KMS rejects deleted principals, so that they go with the repair", pretty(accountStatement, public,
		`{"Effect":"Allow","Principal":{"AWS":["AIDAQ3EGRUZL2Z5FEXAMPLE","arn:aws:iam::111122223333:role/Worker"]},"Action":"kms:Decrypt","Resource":"*"}`,
		`{"Sid":"gone","Effect":"Allow","Principal":{"AWS":"AROAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"dead-statement", "KMS refuses a statement without a Resource", pretty(accountStatement, `{"Sid":"dead","Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:Decrypt"}`,
		`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Encrypt","Resource":"*"}`)},
	{"undecided-allow", "whoever may decide whether a variable is this key, what is left is inside", pretty(accountStatement, `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Encrypt","Resource":"*"}`,
		`{"Sid":"perhaps","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:*","Resource":"${aws:username}"}`)},
	{"allow-with-not-principal", "AWS does not support it, and nobody can tell what of it is inside", pretty(accountStatement, `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Encrypt","Resource":"*"}`,
		`{"Sid":"all but","Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"as-kms-writes", "new text is in the style of KMS", "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \"Sid\" : \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \"*\"\n    },\n    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  } ]\n}"},
}

// pretty is a policy of statements as people write it.
func pretty(statements ...string) string {
	var list []string
	for _, s := range statements {
		s = strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(s)
		list = append(list, "    "+s)
	}
	return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n" + strings.Join(list, ",\n") + "\n  ]\n}\n"
}

func TestPlans(t *testing.T) {
	for _, test := range plans {
		t.Run(test.name, func(t *testing.T) {
			checkGolden(t, test.name, test.because, test.live, usual(rules.Low))
		})
	}
}

func checkGolden(t *testing.T, name, because, live string, c *rules.Configuration) repair.Decision {
	t.Helper()
	d, err := decide(live, c)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "plans", name+".golden"), show(because, live, d))
	checkDecision(t, live, c, d)
	return d
}

// show writes a decision as the golden files have it.
func show(because, live string, d repair.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "because %s\n\n--- live\n%s\n--- plan\n%s\n--- edits\n", because, strings.TrimRight(live, "\n"), strings.TrimRight(d.Plan.Document.Text(), "\n"))
	for _, e := range d.Plan.Edits {
		fmt.Fprintf(&b, "%s: %s\n", e.Kind, e)
	}
	for _, h := range d.Holds {
		fmt.Fprintf(&b, "--- hold\n%s: %s\n", h.Reason, h.Detail)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
