//go:build mutants

package repair_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, mutants, "Plans|Finding|Hold|Held|Cases|Stack|Reset|NotDecided|Reason|Writer|Excess|Where|OnlyWhat|Work", "-rapid.nofailfile")
}
