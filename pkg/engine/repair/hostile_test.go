package repair_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// hostile are public policies about as large as KMS stores, each made to take as much work as it
// can.
func hostile() map[string]string {
	glob := func(effect, principal string) string {
		return statements(root, filled(conditioned(effect, principal)), public)
	}
	own := func(i int) string { return fmt.Sprintf(`{"AWS":"arn:aws:iam::111122223333:role/r%d"}`, i) }
	bombs := func(principal func(int) string, condition string) string {
		return statements(root, filled(func(i int) string { return allows(principal(i), "kms:Decrypt", fmt.Sprintf(condition, i)) }), public)
	}
	everybody := func(int) string { return `"*"` }
	return map[string]string{
		"globs of everyone": glob("Allow", `"*"`),
		"globs of Denies":   glob("Deny", `"*"`),
		"bombs of roles":    bombs(own, `"StringLike":{"kms:EncryptionContext:k":"*%d????????????????"}`),
		"bombs of everyone": bombs(everybody, `"StringLike":{"kms:EncryptionContext:k%d":"*a????????????????"}`),
		"bombs of ARNs":     bombs(everybody, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*%d*a??????????"}`),
		"foreign accounts":  bombs(func(i int) string { return fmt.Sprintf(`{"AWS":"%012d"}`, 444400000000+i) }, `"StringEquals":{"aws:userid":"${aws:userid}x%d"}`),
		"decoy services": bombs(func(i int) string {
			return fmt.Sprintf(`{"Service":["s3.amazonaws.com","sns.amazonaws.com"],"AWS":"%012d"}`, 444400000000+i)
		}, `"StringLike":{"kms:EncryptionContext:k":"*%d???????????????"}`),
		"variables":   bombs(everybody, `"StringEquals":{"aws:userid":"${aws:PrincipalTag/t%d}"}`),
		"many values": bombs(everybody, `"StringLike":{"kms:EncryptionContext:k":["a%[1]d*b","*c%[1]d*","d*%[1]d?","?%[1]de*"]}`),
		"addresses":   bombs(everybody, `"NotIpAddress":{"aws:SourceIp":["10.%[1]d.0.0/16","11.%[1]d.0.0/16"]}`),
		"NotPrincipal beside bombs": statements(root, filled(func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/r%[1]d","arn:aws:iam::111122223333:role/s%[1]d"]},"Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k":"*a%[1]d????????????????"}}}`, i)
		}), public),
		"NotPrincipal of many": statements(root, filled(func(i int) string {
			return fmt.Sprintf(`{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/r%d"},"Action":"kms:Sign","Resource":"*"}`, i)
		}), public),
	}
}

// TestAHostilePolicyOfAnySizeIsStillRepaired: no work that a policy makes keeps the public
// statement at its end alive.
func TestAHostilePolicyOfAnySizeIsStillRepaired(t *testing.T) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High })
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, work, err := decideCounted(text, c)
			if err != nil || d.Held {
				t.Fatalf("%v, held: %v %s", err, d.Held, describeHolds(d))
			}
			if work > mostWork {
				t.Errorf("%d units of work, want at most %d", work, mostWork)
			}
			last := document(t, statements(public)).Statements[0]
			for _, st := range d.Plan.Document.Statements {
				if st.Effect == policy.Allow && len(st.Conditions) == 0 && len(st.Principals.Entries) > 0 && st.Principals.Entries[0] == last.Principals.Entries[0] {
					t.Errorf("everyone can still %v", st.Actions.Values)
				}
			}
		})
	}
}

// mostWork bounds the work from text to plan. A unit takes some 50 to 100 nanoseconds of one CPU,
// and a policy of 32 KB is to be judged and planned within two seconds of one.
const mostWork = 20_000_000

// decideCounted judges a policy and plans its repair, and counts the work of both.
func decideCounted(text string, c *rules.Configuration) (d repair.Decision, work int, err error) {
	s := snapshot(text)
	j := guardrail.Judge(s, c, today)
	d, err = repair.Decide(s, j, c, writer, nil)
	return d, j.Work + d.Work, err
}

// mixture makes a public policy as large as KMS stores of a few kinds of statements, drawn in turn.
func mixture(drawn []byte) string {
	at := 0
	draw := func(list []string) string {
		at++
		return list[int(drawn[at%len(drawn)])%len(list)]
	}
	return statements(root, filled(func(i int) string {
		st := `{"Effect":` + draw(effects) + `,` + draw(principals) + `,"Action":` + draw(actions) + `,"Resource":"*"` + draw(conditions) + `}`
		return strings.ReplaceAll(st, "%d", fmt.Sprintf("%04d", i))
	}), public)
}

// FuzzWork draws mixtures: none takes more work than mostWork. It takes about a second for each.
func FuzzWork(f *testing.F) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High })
	for _, drawn := range mixtures {
		f.Add(drawn)
	}
	f.Fuzz(func(t *testing.T, drawn []byte) {
		if len(drawn) == 0 {
			return
		}
		if _, work, _ := decideCounted(mixture(drawn), c); work > mostWork {
			t.Errorf("%d units of work, want at most %d, for\n%s", work, mostWork, mixture(drawn))
		}
	})
}

// mixtures took more work than others, or could not be repaired, before that was mended.
var mixtures = map[string][]byte{
	"16 undecided Denies with a share each":                     {206},
	"boxes of a hundred sides":                                  {22},
	"what is left of each statement makes the policy too large": {217, 7, 25},
}

func TestAMixtureOfStatementsIsStillRepaired(t *testing.T) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High })
	for name, drawn := range mixtures {
		d, _, err := decideCounted(mixture(drawn), c)
		if err != nil || d.Held {
			t.Errorf("%s: %v, held: %v", name, err, d.Held)
			continue
		}
		for _, f := range guardrail.Judge(snapshot(d.Plan.Document.Text()), c, today).Findings {
			if f.Code == guardrail.CodePublicAccess && f.Severity == rules.Critical {
				t.Errorf("%s: %s", name, f.Message)
			}
		}
	}
}

// What a mixture is made of; %d is the number of the statement.
var (
	effects    = []string{`"Allow"`, `"Allow"`, `"Deny"`}
	principals = []string{
		`"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::111122223333:role/r%d"}`, `"Principal":{"AWS":"arn:aws:iam::444455556666:role/r%d"}`,
		`"Principal":{"AWS":"44440000%d"}`, `"Principal":{"Service":["s3.amazonaws.com","sns.amazonaws.com"]}`, `"Principal":{"Service":"x%d.amazonaws.com"}`,
		`"NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/r%d","arn:aws:iam::111122223333:role/s%d"]}`, `"Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"],"Service":"sns.amazonaws.com"}`,
	}
	actions    = []string{`"kms:*"`, `"kms:Decrypt"`, `["kms:Encrypt","kms:Sign"]`, `"kms:PutKeyPolicy"`, `["kms:CreateGrant","kms:Gen*"]`}
	conditions = []string{
		``, under(`"StringLike":{"kms:EncryptionContext:k":"*%d?a????????????"}`), under(`"StringLike":{"kms:EncryptionContext:k%d":"*a?????????????"}`),
		under(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*%d*a?????"}`), under(`"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/*%d*","arn:aws:iam::*:user/*"]}`),
		under(`"StringEquals":{"aws:userid":"${aws:PrincipalTag/t%d}"}`), under(`"NotIpAddress":{"aws:SourceIp":["10.%d.0.0/16","11.0.0.0/8"]}`),
		under(`"StringEquals":{"kms:ViaService":"s%d.us-east-1.amazonaws.com"}`), under(`"ForAllValues:StringLike":{"kms:EncryptionContextKeys":["a%d*","*b"]}`),
		under(`"DateGreaterThan":{"aws:CurrentTime":"2030-01-0%dT00:00:00Z"}`), under(`"NumericLessThan":{"kms:GrantOperations":"%d"}`), under(`"Null":{"aws:PrincipalTag/t%d":"true"}`),
	}
)

func under(block string) string { return `,"Condition":{` + block + `}` }

// BenchmarkHostile judges and plans the repair of each hostile policy.
func BenchmarkHostile(b *testing.B) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High })
	for name, text := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, work, _ := decideCounted(text, c)
				b.ReportMetric(float64(work), "units/op")
			}
		})
	}
}
