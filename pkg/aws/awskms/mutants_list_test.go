package awskms_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants break one rule of writing key policies each.
var mutants = []mutation.Mutant{
	{Rule: "nothing sets the lockout-check bypass", File: "awskms.go", Old: "Policy: &policy}, region", Broken: "Policy: &policy, BypassPolicyLockoutSafetyCheck: true}, region"},
	{Rule: "a write that may have taken effect is not tried again", File: "awskms.go", Old: ", region, c.onWrite)", Broken: ", region)"},
	{Rule: "a throttled write is", File: "awskms.go", Old: `const throttled = "ThrottlingException"`, Broken: `const throttled = "Other"`},
	{Rule: "writes are held to a rate", File: "awskms.go", Old: "if err := c.writes.of(parsed.AccountID, parsed.Region).Wait(ctx); err != nil {", Broken: "if err := error(nil); err != nil {"},
	{Rule: "each Region has a rate of its own", File: "limit.go", Old: `account + "/" + region`, Broken: `account`},
	{Rule: "an AWS managed key is known as one", File: "awskms.go", Old: "return true, nil\n\tcase types.KeyManagerTypeCustomer", Broken: "return false, nil\n\tcase types.KeyManagerTypeCustomer"},
	{Rule: "a denied call is not tried for ever", File: "errors.go", Old: `"AccessDeniedException":            inspect.ErrAccessDenied,`, Broken: ""},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
