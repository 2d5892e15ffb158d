package repair

import (
	"errors"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The work that comparisons take is counted, and one of them takes a part of it at most: whoever
// writes the policy must not use up what the other statements need.
func TestTheWorkOfAPlanIsCounted(t *testing.T) {
	parse := func(text string) policy.Set {
		d, err := policy.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d.Set
	}
	c := comparer{key: policy.Key{Partition: "aws", Account: "111122223333"}, left: 2*preparing + leastOfOne, work: new(int)}
	plain := parse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"*"}}`)
	for range 2 {
		if _, err := c.excess(plain, policy.Set{}); err != nil {
			t.Fatal(err)
		}
	}
	c.left = preparing - 1
	var refusal *Refusal
	if _, err := c.excess(plain, policy.Set{}); !errors.As(err, &refusal) || refusal.Reason != OverBudget {
		t.Errorf("%v, want %s", err, OverBudget)
	}
	bomb := parse(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k":"*a????????????????"}}},
		{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k":"*b????????????????"}}}]}`)
	c.left = wholeBudget
	result, err := c.excess(bomb, plain)
	if err != nil || len(result.Inconclusive) == 0 || c.left > wholeBudget-mostOfOne || c.left < wholeBudget-2*mostOfOne {
		t.Errorf("%v: %d units are left of %d, open: %v", err, c.left, wholeBudget, result.Inconclusive)
	}
}
