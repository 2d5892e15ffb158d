package repair_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// filled repeats a part of a policy until KMS would take no more.
func filled(part func(i int) string) string {
	var list []string
	for size, i := 0, 0; ; i++ {
		next := part(i)
		if size += len(next) + 1; size > 32_000 {
			return strings.Join(list, ",")
		}
		list = append(list, next)
	}
}

// Whoever opens a key to everybody must not be able to keep it open by making its policy
// large; and whatever the policy is, planning ends.
func TestAPolicyThatIsTooMuchToTrimIsResetWhereItIsCritical(t *testing.T) {
	conditioned := func(effect string) func(int) string {
		return func(i int) string {
			return fmt.Sprintf(`{"Effect":%q,"Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k%d":"*a*a*b%d"}}}`, effect, i, i)
		}
	}
	for _, row := range []struct {
		name, statements string
		resets           bool
		because          string
	}{
		{"public in a hundred ways", filled(conditioned("Allow")), true, "critical, and more than can be trimmed"},
		{"public behind a hundred Denies", public + "," + filled(conditioned("Deny")), true, "the same from the other side"},
		{"two thousand accounts", `{"Effect":"Allow","Principal":{"AWS":[` + filled(func(i int) string { return fmt.Sprintf(`"%012d"`, 900_000_000_000+i) }) + `]},"Action":"kms:Decrypt","Resource":"*"}`, false, "named accounts are high, not critical: refused, and told"},
		{"a role in each of many statements", filled(func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/R%d"},"Action":"kms:*","Resource":"*"}`, i)
		}), false, "medium: refused, and told"},
	} {
		c := repairing(func(*rules.Configuration, *rules.Baseline) {})
		text := `{"Version":"2012-10-17","Statement":[` + root + `,` + row.statements + `]}`
		p, err := plan(text, c)
		var refusal *repair.Refusal
		switch {
		case errors.As(err, &refusal):
			if row.resets {
				t.Errorf("%s: %v: %s", row.name, err, row.because)
			}
		case err != nil:
			t.Errorf("%s: %v", row.name, err)
		case row.resets != (p.Edits[0].Kind == repair.ReplaceDocument):
			t.Errorf("%s: %v: %s", row.name, p.Edits, row.because)
		default:
			checkClean(t, row.name, p, c)
		}
	}
}
