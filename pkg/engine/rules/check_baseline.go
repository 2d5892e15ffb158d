package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// check finds what is wrong with a baseline.
func (b *Baseline) check(found *problems) {
	place := func(more ...string) []string { return append([]string{"baselines", b.Name}, more...) }
	if b.Style == defaultpolicy.API && len(b.Administrators.Required)+len(b.Administrators.Permitted) > 0 {
		found.add("the API default names no administrators; style: console does", place("administrators")...)
	}
	if b.Style == defaultpolicy.API && len(b.Users.Required)+len(b.Users.Permitted) > 0 {
		found.add("the API default names no users; style: console does", place("users")...)
	}
	if b.Match == ExactDefault && len(b.Integrations)+len(b.Permit)+len(b.Require) > 0 {
		found.add("match: exact wants a generated default as it is; with integrations, permit or require, use match: bounds", place("match")...)
	}
	if b.Match == ExactDefault && b.GuardrailAccess != "" {
		found.add("match: exact wants a generated default as it is; guardrailAccess needs match: bounds", place("guardrailAccess")...)
	}
	for i, name := range b.Integrations {
		if _, ok := integration.Lookup(name); !ok {
			found.add(fmt.Sprintf("there is no integration %q%s", name, instead(name, integrationNames())), place("integrations", strconv.Itoa(i))...)
		}
	}
	before := len(*found)
	b.checkPrincipals(found, place)
	b.checkTemplates(found, place)
	if len(*found) == before {
		b.checkLimits(found, place)
	}
	if len(*found) == before {
		b.checkControl(found, place)
	}
}

func integrationNames() []string {
	var names []string
	for _, i := range integration.All() {
		names = append(names, i.Name)
	}
	return names
}

// checkPrincipals finds ARNs and patterns that no principal has, or nearly all have.
func (b *Baseline) checkPrincipals(found *problems, place func(...string) []string) {
	k := b.exampleKey()
	for _, list := range []struct {
		field    string
		entries  []string
		patterns bool
		path     []string
	}{
		{"administrators", b.Administrators.Required, false, []string{"administrators", "required"}},
		{"administrators", b.Administrators.Permitted, true, []string{"administrators", "permitted"}},
		{"users", b.Users.Required, false, []string{"users", "required"}},
		{"users", b.Users.Permitted, true, []string{"users", "permitted"}},
	} {
		for i, text := range list.entries {
			if problem := checkPrincipal(k.Expand(text), list.patterns); problem != "" {
				found.add(fmt.Sprintf("%q: %s", text, problem), place(append(list.path, strconv.Itoa(i))...)...)
			}
		}
	}
	if b.GuardrailAccess == "" {
		return
	}
	if p, err := policy.ParseAWSPrincipal(k.Expand(b.GuardrailAccess)); err != nil || p.Kind != policy.Role {
		found.add(fmt.Sprintf("%q is not the ARN of a role; name the guardrail's own", b.GuardrailAccess), place("guardrailAccess")...)
	}
}

// checkPrincipal says what is wrong with an ARN or pattern, "" for nothing.
func checkPrincipal(text string, patterns bool) string {
	p, err := policy.ParseAWSPrincipal(text)
	switch {
	case err == nil && p.Kind == policy.Anyone:
		return "it is not allowed here. To permit a public statement, write it under permit"
	case err == nil && (p.Kind == policy.UniqueID || p.Kind == policy.Session || p.Kind == policy.FederatedUser):
		return "a session or deleted principal; name the user or role"
	case err == nil:
		return ""
	case !patterns:
		return "expected the ARN of a user or role, or an account: " + err.Error()
	}
	parts := strings.SplitN(text, ":", 6)
	switch {
	case len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam":
		return "expected an ARN pattern such as arn:${Partition}:iam::${AccountId}:role/*"
	case !policy.IsAccountID(parts[4]):
		return "the account of a pattern must be an account id or ${AccountId}: a pattern for accounts would let in accounts that nobody chose"
	case strings.ContainsAny(parts[1], "*?") || parts[3] != "":
		return "the partition of a pattern must be given, or ${Partition}, and the Region empty"
	case !strings.ContainsAny(text, "*?"):
		return err.Error()
	case !mayNamePrincipal(parts[5]):
		return "no principal is like it; after the account, a pattern has user/…, role/… or root, or a wildcard that may stand for them, such as *"
	default:
		return ""
	}
}

// mayNamePrincipal tells whether the resource part of a pattern may match that of a user,
// a role or an account. What stands before its first wildcard decides.
func mayNamePrincipal(resource string) bool {
	fixed := resource[:strings.IndexAny(resource+"*", "*?")]
	isStartOf := func(form string) bool { return strings.HasPrefix(form, fixed) }
	return isStartOf("root") || isStartOf("user/") || isStartOf("role/") || strings.HasPrefix(fixed, "user/") || strings.HasPrefix(fixed, "role/")
}

// checkLimits makes the limits for a key of each type, and proves that what must be
// allowed may be allowed. A required Deny may narrow what the account can give; it may
// not take a required access away, nor the account's control of the key. Without
// statements of its own a baseline has nothing that could.
func (b *Baseline) checkLimits(found *problems, place func(...string) []string) {
	k := b.exampleKey()
	for _, t := range exampleTypes() {
		k.Type = t
		limits, err := b.Limits(k)
		if err != nil {
			found.add(fmt.Sprintf("for a key of type %s: %v", t, err), place()...)
			return
		}
		if _, err := limits.ResetDocument(); err != nil {
			found.add(fmt.Sprintf("for a key of type %s: %v", t, err), place()...)
			return
		}
		if len(b.Permit)+len(b.Require) == 0 {
			continue
		}
		result := access.Within(k.examplePolicyKey(), limits.unnarrowed, limits.Ceiling, limits.Ceiling)
		for _, d := range result.Missing {
			if d.Conditions == "" && (IsAboutControl(d) || !d.Delegated) {
				*found = append(*found, Problem{
					Place:   place("require"),
					Detail:  fmt.Sprintf("the floor is not inside the ceiling: %s must be allowed %s, and a required Deny forbids it, for a key of type %s", FirstOf(d.Principals, 3), FirstOf(access.ActionPatterns(d.Actions), 3), t),
					Witness: &d.Witness,
				})
				return
			}
		}
		if len(result.Inconclusive) > 0 {
			found.add(fmt.Sprintf("whether the floor lies inside the ceiling is not decided: %s", result.Inconclusive[0].Detail), place("require")...)
			return
		}
	}
}

// FirstOf names the first few of a list and counts the rest.
func FirstOf(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
