//go:build mutants

package guardrail_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the tests of this package on each mutant, and fails where
// they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, mutants, "Judge|Attacks|Trouble|Restrict|Undecided|Documented|Severity|Deny|Shield|Within")
}
