package repair_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const network = `,"Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`

// denies is a Deny for everyone, with what follows its Resource.
func denies(action, rest string) string {
	return `{"Sid":"deny","Effect":"Deny","Principal":"*","Action":` + action + `,"Resource":"*"` + rest + `}`
}

// named requires an administrator and a user by name.
func named(from rules.Severity) *rules.Configuration {
	return repairing(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From = from
		b.Administrators = rules.Principals{Required: []string{"arn:aws:iam::111122223333:role/KeyAdmin"}}
		b.Users = rules.Principals{Required: []string{"arn:aws:iam::111122223333:role/App"}}
	})
}

// Each row is a plan by repair.from and by what the configuration names, in testdata/plans.
var byFinding = []struct {
	name, because, live string
	c                   *rules.Configuration
}{
	{"from-high-leaves-the-medium-role", "the other account is high and goes; the role beside it is medium and stays", pretty(accountStatement,
		`{"Sid":"partners","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:role/Nobody"]},"Action":"kms:Decrypt","Resource":"*"}`), onlyAccountFrom(rules.High)},
	{"from-medium-takes-both", "from medium on, both go", pretty(accountStatement,
		`{"Sid":"partners","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:role/Nobody"]},"Action":"kms:Decrypt","Resource":"*"}`), onlyAccountFrom(rules.Medium)},
	{"partners", "the words of a statement that goes", pretty(foreign, accountStatement), onlyAccountFrom(rules.High)},
	{"critical-leaves-the-foreign-account", "from critical on, only the public statement goes", pretty(accountStatement, public, foreign), onlyAccountFrom(rules.Critical)},
	{"no-service-that-nobody-named", "a public statement becomes no statement for services", pretty(accountStatement, public), withIntegrations(rules.High)},
	{"a-role-that-is-only-permitted-is-not-named", "nobody named the permitted user", pretty(accountStatement, public), repairing(func(_ *rules.Configuration, b *rules.Baseline) {
		b.Administrators, b.Users = rules.Principals{}, rules.Principals{Permitted: []string{"arn:aws:iam::111122223333:role/App"}}
	})},
	{"a-role-that-is-required-keeps-its-part", "whom the floor requires may be named", pretty(accountStatement, allows(`"*"`, "kms:*", "")), named(rules.High)},
	{"deny-for-everyone-exempts-the-account", "the account gets control back, and the foreign account that may decrypt is refused as before", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["kms:Decrypt","kms:PutKeyPolicy"],"Resource":"*"}`, denies(`["kms:PutKeyPolicy","kms:Decrypt"]`, "")), usual(rules.High)},
	{"only-who-lacks-it-gets-the-floor", "the worker has what is required, and the other role lacks it", pretty(accountStatement, usersStatement), onlyAccount(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From = rules.Medium
		b.Require = []rules.Template{`{"Sid":"readers","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:role/Other"]},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"}`}
	})},
	{"deny-by-network-stays", "the administrator is refused from elsewhere only: that is hardening", pretty(accountStatement, foreign, denies(`"kms:*"`, network)), named(rules.High)},
}

func onlyAccountFrom(from rules.Severity) *rules.Configuration {
	return onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = from })
}

func withIntegrations(from rules.Severity) *rules.Configuration {
	return onlyAccount(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From = from
		b.Integrations = []string{"cloudwatch-logs", "cloudtrail", "cloudfront", "sns-to-sqs"}
	})
}

func TestAnEditForEachFinding(t *testing.T) {
	for _, test := range byFinding {
		t.Run(test.name, func(t *testing.T) {
			checkProof(t, checkGolden(t, test.name, test.because, test.live, test.c).Plan)
		})
	}
}
