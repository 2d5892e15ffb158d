//go:build mutants

package ledger

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, mutants, "Row|Numbers|Hour|Value|Claim|Conclud|Names|Forget|Series|Ledger|Young")
}
