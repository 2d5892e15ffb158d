package prevention

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestWhoeverIsRequiredIsNotLockedOut holds policies that somebody got wrong against a configuration.
func TestWhoeverIsRequiredIsNotLockedOut(t *testing.T) {
	const admin, partner = "arn:aws:iam::111122223333:role/KeyAdmin", "444455556666"
	c := rules.DefaultConfiguration()
	c.Organization.ID = "o-a1b2c3d4e5"
	c.Baselines[0].Administrators.Required = []string{admin}
	c.Baselines[0].Users.Required = []string{"arn:aws:iam::" + partner + ":root"}
	for _, row := range []struct {
		policies Policies
		outside  []string
		want     string // a part of the error
		reason   string
	}{
		{Policies{Service: keepLockoutCheck(), Resource: keepOutsidersOut("o-a1b2c3d4e5", []string{partner}, nil)}, []string{partner}, "", "these are right"},
		{Policies{Service: keepLockoutCheck(), Resource: keepOutsidersOut("o-zzzzzzzzzz", []string{partner}, nil)}, []string{partner}, "keep " + admin, "the organization is another one"},
		{Policies{Service: keepLockoutCheck(), Resource: keepOutsidersOut("o-a1b2c3d4e5", nil, nil)}, []string{partner}, partner + ":root", "the partner is not listed"},
		{Policies{Service: Policy{Document: document(Statement{Action: []string{"kms:PutKeyPolicy"}})}}, nil, rules.PutKeyPolicy, "nobody may change a policy"},
	} {
		err := prove(c, row.policies, row.outside)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%v, want %q: %s", err, row.want, row.reason)
		}
	}
}
