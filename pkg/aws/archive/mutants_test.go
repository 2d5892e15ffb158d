//go:build mutants

package archive_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	mutation.Run(t, mutants, "Eight|Permanent|Calls|Record|Object|Ledger|Entries|Hour|Name|Owner")
}
