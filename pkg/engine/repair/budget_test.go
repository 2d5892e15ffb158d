package repair

import (
	"errors"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// A comparison is one step, and one that uses up its own budget counts a hundredfold: whoever
// writes the policy must not get it for nothing.
func TestTheWorkOfAPlanIsCounted(t *testing.T) {
	parse := func(text string) policy.Set {
		d, err := policy.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d.Set
	}
	c := comparer{key: policy.Key{Partition: "aws", Account: "111122223333"}, left: 2}
	plain := parse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"*"}}`)
	for range 2 {
		if _, err := c.excess(plain, policy.Set{}); err != nil {
			t.Fatal(err)
		}
	}
	var refusal *Refusal
	if _, err := c.excess(plain, policy.Set{}); !errors.As(err, &refusal) || refusal.Reason != OverBudget {
		t.Errorf("%v, want %s", err, OverBudget)
	}
	bomb := parse(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k":"*a????????????????"}}},
		{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k":"*b????????????????"}}}]}`)
	c.left = 1000
	if result, err := c.excess(bomb, plain); err != nil || !isOverBudget(result) || c.left > 1000-overrun {
		t.Errorf("%v: %d steps are left of 1000, over budget: %v", err, c.left, isOverBudget(result))
	}
}
