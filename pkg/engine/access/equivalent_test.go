package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

func TestEquivalentIsTheVerdictOfCompare(t *testing.T) {
	list := corpusPolicies(t)
	const stride = 7 // a part of the pairs is enough: each policy meets many others
	pairs := 0
	for i, a := range list {
		for j := i % stride; j < len(list); j += stride {
			b := list[j]
			pairs++
			if got, want := access.Equivalent(key, a.doc.Set, b.doc.Set), access.Compare(key, a.doc.Set, b.doc.Set).Verdict; got != want {
				t.Errorf("%s, %s: %s, want %s", a.name, b.name, got, want)
			}
		}
	}
	t.Logf("%d pairs", pairs)
}

func TestEquivalentFallsBackOnTheComparison(t *testing.T) {
	conditional := change(t, anyone, `"Resource":"*"`, `"Resource":"*",`+viaS3)
	denyOwn := change(t, change(t, denySign, "kms:Sign", "kms:*"), `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}`)
	split := []string{change(t, app, `,"kms:Encrypt"`, ""), change(t, app, `"kms:Decrypt",`, "")}
	for reason, test := range map[string]struct {
		baseline, actual []string
		want             access.Verdict
	}{
		"a conditional Allow": {[]string{root}, []string{root, conditional}, access.Different},
		"a Deny":              {[]string{root}, []string{root, denySign}, access.Different},
		"statements split":    {[]string{root, app}, append([]string{root}, split...), access.Equal},
		"an Allow that a Deny takes back by the caller's account": {[]string{root, denyOwn}, []string{root, denyOwn, app}, access.Equal},
		"an Allow that adds nothing":                              {[]string{anyone, foreign}, []string{anyone}, access.Equal},
		"what cannot be decided at all":                           {[]string{root}, []string{root, change(t, foreign, `"Principal"`, `"NotPrincipal"`)}, access.Undecided},
	} {
		if got := access.Equivalent(key, document(t, test.baseline...).Set, document(t, test.actual...).Set); got != test.want {
			t.Errorf("%s: %s, want %s", reason, got, test.want)
		}
	}
}
