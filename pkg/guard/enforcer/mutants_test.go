//go:build mutants

package enforcer_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, converted(), "Action|Done|Calls|Given|Policy|Tug|Own|Account|Reporter|State|Event|Key|Sample|Restore|Flush|Crash|Pointer|Breaker|Writes|FirstUse|Archive")
}
