package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

func TestWithinHoldsAPolicyAgainstFloorAndCeiling(t *testing.T) {
	floor, ceiling := []string{root}, []string{root, app, foreign}
	perhaps := change(t, foreign, `"Principal"`, `"NotPrincipal"`)
	tests := []struct {
		reason          string
		actual          []string
		verdict         access.Verdict
		excess, missing int
	}{
		{"the floor itself", []string{root}, access.Inside, 0, 0},
		{"the ceiling itself, in another order", []string{foreign, app, root}, access.Inside, 0, 0},
		{"something between", []string{root, app}, access.Inside, 0, 0},
		{"less than the floor", []string{app}, access.Different, 0, 2},
		{"more than the ceiling", []string{root, anyone}, access.Different, 3, 0},
		{"both at once", []string{anyone}, access.Different, 3, 1},
		{"a Deny inside the floor", []string{root, denySign}, access.Different, 0, 1},
		{"what cannot be decided is not within", []string{root, perhaps}, access.Undecided, 0, 0},
		{"what is proved is told beside what is not", []string{app, perhaps}, access.Different, 0, 2},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := access.Within(key, document(t, floor...).Set, document(t, test.actual...).Set, document(t, ceiling...).Set)
			if got.Verdict != test.verdict || len(got.Excess) != test.excess || len(got.Missing) != test.missing {
				t.Errorf("got %+v", got)
			}
			for _, d := range got.Missing {
				if d.Policy != access.Floor && d.Policy != access.Actual {
					t.Errorf("missing because of %s", d.Policy)
				}
			}
			for _, d := range got.Excess {
				if d.Policy != access.Actual {
					t.Errorf("excess because of %s", d.Policy)
				}
			}
		})
	}
}

func TestAFloorAboveItsCeilingShows(t *testing.T) {
	got := access.Within(key, document(t, root).Set, document(t, root).Set, document(t, app).Set)
	if got.Verdict != access.Different || len(got.Excess) == 0 {
		t.Errorf("got %+v", got)
	}
}
