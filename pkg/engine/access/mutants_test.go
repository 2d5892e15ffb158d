//go:build mutants

package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, converted(), "Rule|OnceWrong|Policies|Difference|Unknown|Within|Equivalent|WhoMay|Action|Condition", "-rapid.nofailfile")
}
