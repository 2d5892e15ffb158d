package repair_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

const (
	account = "111122223333"
	worker  = "arn:aws:iam::111122223333:role/Worker"
	writer  = "arn:aws:iam::111122223333:role/kms-guardrail"
	root    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	public  = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`
	foreign = `{"Sid":"partners","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"}`
)

var today = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// ownKey is the key of the tests, and symmetric what is known of it.
var (
	ownKey    = policy.Key{ARN: "arn:aws:kms:us-east-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab", Partition: "aws", Account: account}
	symmetric = rules.Key{ARN: ownKey.ARN, Account: account, Region: "us-east-1", Partition: "aws", Type: defaultpolicy.KeyType{}.WithDefaults()}
)

func statements(list ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// allows is a statement that gives an action to a principal, under conditions.
func allows(principal, action, conditions string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `","Resource":"*","Condition":{` + conditions + `}}`
}

func document(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

// repairing is the zero configuration in repair mode, from the lowest severity on, without
// holds.
func repairing(change func(*rules.Configuration, *rules.Baseline)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode, c.Repair.From, c.Repair.HoldWhen = rules.Repair, rules.Low, nil
	if change != nil {
		change(c, &c.Baselines[0])
	}
	return c
}

// onlyAccount is the strictest baseline, with what may be changed.
func onlyAccount(change func(*rules.Configuration, *rules.Baseline)) *rules.Configuration {
	return repairing(func(c *rules.Configuration, b *rules.Baseline) {
		b.Style, b.Administrators, b.Users, b.Integrations = defaultpolicy.API, rules.Principals{}, rules.Principals{}, nil
		if change != nil {
			change(c, b)
		}
	})
}

func snapshot(text string) guardrail.Snapshot {
	return guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy, Trigger: guardrail.ByEvent, Labels: rules.Labels{Tags: map[string]string{}}}
}

// decide judges a policy and decides on its repair, where nothing is recorded of the key.
func decide(text string, c *rules.Configuration) (repair.Decision, error) {
	s := snapshot(text)
	return repair.Decide(s, guardrail.Judge(s, c, today), c, writer, nil)
}

// corpusStatements returns the statements of the corpus that parse.
func corpusStatements(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, s := range corpus.Statements(t) {
		if _, err := policy.Parse(`{"Statement":` + s.Text + `}`); err == nil {
			list = append(list, s.Text)
		}
	}
	return list
}
