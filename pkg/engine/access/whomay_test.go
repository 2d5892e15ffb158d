package access_test

import (
	"slices"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

func TestWhoMayNamesThoseWhoCanStillChangeThePolicy(t *testing.T) {
	keeper := change(t, app, `["kms:Decrypt","kms:Encrypt"]`, `"kms:Put*"`)
	tests := []struct {
		reason     string
		statements []string
		want       []string
		unsure     bool
	}{
		{"the account through IAM", []string{root}, []string{"every principal of account 111122223333"}, false},
		{"one role, once", []string{app, keeper, keeper}, []string{"arn:aws:iam::111122223333:role/app"}, false},
		{"a stranger cannot use what does not work across accounts", []string{change(t, foreign, "kms:Decrypt", "kms:PutKeyPolicy"), keeper}, []string{"arn:aws:iam::111122223333:role/app"}, false},
		{"nobody", []string{app}, nil, false},
		{"somebody under a condition", []string{change(t, keeper, `"Resource":"*"`, `"Resource":"*",`+viaS3)}, []string{"arn:aws:iam::111122223333:role/app under conditions"}, false},
		{"perhaps somebody", []string{change(t, keeper, `"Principal"`, `"NotPrincipal"`)}, nil, true},
	}
	for _, test := range tests {
		got, unsure := access.WhoMay(key, document(t, test.statements...).Set, "kms:PutKeyPolicy")
		if !slices.Equal(got, test.want) || unsure != test.unsure {
			t.Errorf("%s: got %q, unsure %v", test.reason, got, unsure)
		}
	}
}
