package rules

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// names are the principals of the key's account that a policy names: in a Principal element,
// or as values of aws:PrincipalArn.
type names struct {
	// known is true where there is a policy.
	known   bool
	entries []policy.Principal
	// patterns are values of aws:PrincipalArn: ARNs, and patterns that fix more than the kind
	// of the principal.
	patterns []string
}

// namedIn returns the principals of the key's account that the Allow statements of a policy
// name.
func namedIn(k Key, live policy.Set) names {
	n := names{known: len(live.Statements) > 0}
	for i := range live.Statements {
		st := &live.Statements[i]
		if st.Effect != policy.Allow {
			continue
		}
		for _, p := range st.Principals.Entries {
			if !st.Principals.Negated && p.AccountID == k.Account && p.Kind != policy.Account && !slices.Contains(n.entries, p) {
				n.entries = append(n.entries, p)
			}
		}
		for _, c := range st.Conditions {
			if !strings.EqualFold(c.Key, "aws:PrincipalArn") || c.Operator.Negated || c.Operator.IfExists {
				continue
			}
			for _, value := range c.Values {
				if namesSomebody(k, value) && !slices.Contains(n.patterns, value) {
					n.patterns = append(n.patterns, value)
				}
			}
		}
	}
	for _, p := range n.entries {
		if (p.Kind == policy.Role || p.Kind == policy.User) && !slices.Contains(n.patterns, p.Text) {
			n.patterns = append(n.patterns, p.Text)
		}
	}
	return n
}

// namesSomebody tells whether a value of aws:PrincipalArn names a principal of the key's
// account, or principals whose names begin alike. "role/*" and "*" name nobody.
func namesSomebody(k Key, value string) bool {
	for _, prefix := range []string{"arn:" + k.Partition + ":iam::" + k.Account + ":role/", "arn:" + k.Partition + ":iam::" + k.Account + ":user/"} {
		if name, ok := strings.CutPrefix(value, prefix); ok {
			return name != "" && !strings.ContainsAny(name[:1], "*?")
		}
	}
	return false
}
