package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

func TestDelegatesTellsWhetherTheAccountDecidesThroughIAM(t *testing.T) {
	for reason, test := range map[string]struct {
		statements []string
		want       bool
	}{
		"the account statement":                  {[]string{root}, true},
		"a role of the account is not all of it": {[]string{change(t, app, "kms:Encrypt", "kms:Sign")}, false},
		"another account":                        {[]string{change(t, foreign, "kms:Decrypt", "kms:Sign")}, false},
		"a Deny takes it back":                   {[]string{root, denySign}, false},
		"only one of the actions":                {[]string{change(t, root, "kms:*", "kms:Verify")}, false},
	} {
		if got := access.Delegates(key, document(t, test.statements...).Set, "kms:Sign", "kms:Verify"); got != test.want {
			t.Errorf("%s: %v", reason, got)
		}
	}
}
