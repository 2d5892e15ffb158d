package repair_test

import (
	"fmt"
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
			d, err := decide(text, c)
			if err != nil || d.Held {
				t.Fatalf("%v, held: %v %s", err, d.Held, describeHolds(d))
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

// BenchmarkHostile judges and plans the repair of each hostile policy.
func BenchmarkHostile(b *testing.B) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High })
	for name, text := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := snapshot(text)
				_, _ = repair.Decide(s, guardrail.Judge(s, c, today), c, writer, nil)
			}
		})
	}
}
