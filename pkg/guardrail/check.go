package guardrail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/spelling"
)

// Problem is something in a configuration that contradicts itself or names what
// does not exist.
type Problem struct {
	// Place is the path to the value in guardrail.yaml: keys, and positions in lists
	// counted from 0, such as "rules", "0", "baseline". A baseline is named by its key.
	Place []string
	// Detail says what is wrong and what to write, in one line.
	Detail string
	// Witness is a request that the floor of a baseline allows and its ceiling does not.
	Witness *evaluation.Request
}

// Check returns what is wrong with a configuration apart from its form, nothing for one
// that can be used. Of a baseline it makes the limits for a key of each kind, so that an
// ARN or statement that fits no key is found here and not at the first event, and it
// proves that the floor lies inside the ceiling.
func (c *Configuration) Check() []Problem {
	var found problems
	switch {
	case len(c.Baselines) == 0:
		found.add("at least one baseline is needed", "baselines")
	case c.baseline(c.Default) == nil:
		found.add(c.noBaseline(c.Default), "default")
	}
	for i := range c.Baselines {
		c.Baselines[i].check(&found)
	}
	c.checkRules(&found)
	c.checkExemptions(&found)
	c.Repair.check(&found)
	return found
}

// The bounds of the repair settings are those of the archive, which counts repairs.
const (
	mostRepairs     = 9999
	shortestWindow  = time.Minute
	longestWindow   = 7 * 24 * time.Hour
	countsRepairs   = "from 1 to 9999 repairs; mode: report allows none"
	windowOfRepairs = "a window from 1m to 7d in whole seconds, such as 24h"
)

func (r RepairSettings) check(found *problems) {
	counts := func(n int) bool { return n >= 1 && n <= mostRepairs }
	if !counts(r.Budget.Repairs) {
		found.add("expected "+countsRepairs, "repair", "budget", "repairs")
	}
	if w := r.Budget.Window; w < shortestWindow || w > longestWindow || w%time.Second != 0 {
		found.add("expected "+windowOfRepairs, "repair", "budget", "window")
	}
	if !counts(r.MaxPerHour.Account) {
		found.add("expected "+countsRepairs, "repair", "maxPerHour", "account")
	}
	if !counts(r.MaxPerHour.Total) {
		found.add("expected "+countsRepairs, "repair", "maxPerHour", "total")
	}
}

// problems collects problems.
type problems []Problem

func (p *problems) add(detail string, place ...string) {
	*p = append(*p, Problem{Place: place, Detail: detail})
}

// noBaseline says that there is no baseline of a name, and which there are.
func (c *Configuration) noBaseline(name string) string {
	names := make([]string, len(c.Baselines))
	for i := range c.Baselines {
		names[i] = c.Baselines[i].Name
	}
	return "there is no baseline " + strconv.Quote(name) + instead(name, names)
}

// instead names what somebody may have meant by a name, or else all names.
func instead(name string, names []string) string {
	if near := spelling.Nearest(name, names); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}

func (c *Configuration) checkRules(found *problems) {
	names := map[string]bool{}
	for i := range c.Rules {
		rule, place := &c.Rules[i], []string{"rules", strconv.Itoa(i)}
		if rule.Baseline != "" && c.baseline(rule.Baseline) == nil {
			found.add(c.noBaseline(rule.Baseline), append(place, "baseline")...)
		}
		if rule.Name == "" || names[rule.Name] {
			found.add("a rule needs a name of its own: outcomes say which rule applied", append(place, "name")...)
		}
		names[rule.Name] = true
		checkMatch(found, append(place, "match"), rule.Match)
	}
}

func (c *Configuration) checkExemptions(found *problems) {
	names := map[string]bool{}
	for i := range c.Exemptions {
		e, place := &c.Exemptions[i], []string{"exemptions", strconv.Itoa(i)}
		if e.Name == "" || names[e.Name] {
			found.add("an exemption needs a name of its own: findings name it", append(place, "name")...)
		}
		names[e.Name] = true
		if strings.TrimSpace(e.Owner) == "" {
			found.add("an exemption needs an owner: who answers for it", append(place, "owner")...)
		}
		if strings.TrimSpace(e.Reason) == "" {
			found.add("an exemption needs a reason", append(place, "reason")...)
		}
		if e.Expires.IsZero() {
			found.add("an exemption needs a day on which it expires, such as 2027-01-31", append(place, "expires")...)
		}
		m := e.Match
		if len(m.Keys)+len(m.Accounts)+len(m.OrganizationalUnits)+len(m.Regions)+len(m.Aliases)+len(m.Tags) == 0 {
			found.add("an exemption that matches every key switches the guardrail off; name keys, aliases, accounts, organizationalUnits, regions or tags", append(place, "match")...)
		}
		checkMatch(found, append(place, "match"), m)
	}
}

// checkMatch finds entries that can match no key.
func checkMatch(found *problems, place []string, m Match) {
	each(found, place, "accounts", m.Accounts, "an account id of twelve digits", policy.IsAccountID)
	each(found, place, "aliases", m.Aliases, "an alias such as alias/payments or alias/payments-*", func(text string) bool { return like("alias/?*", text) || strings.HasPrefix(text, "*") })
	each(found, place, "keys", m.Keys, "a key id or key ARN", func(text string) bool {
		if strings.HasPrefix(text, "arn:") {
			_, err := policy.ParseKeyARN(text)
			return err == nil
		}
		return text != "" && !strings.ContainsAny(text, ":/*?")
	})
	each(found, place, "organizationalUnits", m.OrganizationalUnits, "the id of an organizational unit or root, such as ou-ab12-11111111", func(text string) bool {
		return like("ou-?*-?*", text) || like("r-?*", text)
	})
	each(found, place, "regions", m.Regions, "a Region such as us-east-1", func(text string) bool { return like("?*-?*-?*", text) && !strings.ContainsAny(text, "*? ") })
	each(found, place, "keySpecs", m.KeySpecs, "a key spec", func(s defaultpolicy.KeySpec) bool { return slices.Contains(defaultpolicy.KeySpecs(), s) })
	each(found, place, "keyUsages", m.KeyUsages, "a key usage", func(u defaultpolicy.KeyUsage) bool { return slices.Contains(defaultpolicy.KeyUsages(), u) })
	each(found, place, "origins", m.Origins, "an origin", func(o defaultpolicy.Origin) bool { return slices.Contains(defaultpolicy.Origins(), o) })
}

func each[T ~string](found *problems, place []string, field string, list []T, want string, fits func(T) bool) {
	for i, entry := range list {
		if !fits(entry) {
			found.add(fmt.Sprintf("%q is not %s", string(entry), want), append(slices.Clone(place), field, strconv.Itoa(i))...)
		}
	}
}

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
	if len(*found) == before {
		b.checkLimits(found, place)
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
		return "everyone is nobody whom a default names; use permit for a statement that is meant to be public"
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
	default:
		return ""
	}
}

// exampleKey is a key of the account that the required principals are of.
func (b *Baseline) exampleKey() Key {
	k := Key{
		Account: "111122223333", Region: "us-east-1", Partition: "aws", OrganizationID: "o-a1b2c3d4e5",
		Type: defaultpolicy.KeyType{}.WithDefaults(),
	}
	for _, text := range slices.Concat(b.Administrators.Required, b.Users.Required) {
		p, err := policy.ParseAWSPrincipal(text)
		if err == nil && (p.Kind == policy.User || p.Kind == policy.Role) {
			k.Account, k.Partition = p.AccountID, p.Partition
			break
		}
	}
	switch k.Partition {
	case "aws-cn":
		k.Region = "cn-north-1"
	case "aws-us-gov":
		k.Region = "us-gov-west-1"
	default:
	}
	k.ARN = "arn:" + k.Partition + ":kms:" + k.Region + ":" + k.Account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
	return k
}

// checkLimits makes the limits for a key of each type, and proves that what must be
// allowed may be allowed. A required Deny may narrow what the account can give; it may
// not take a required access away, nor the account's control of the key.
func (b *Baseline) checkLimits(found *problems, place func(...string) []string) {
	k := b.exampleKey()
	for _, t := range exampleTypes() {
		k.Type = t
		limits, err := b.Limits(k)
		if err != nil {
			found.add(fmt.Sprintf("for a key of type %s: %v", t, err), place()...)
			return
		}
		if !slices.ContainsFunc(limits.Ceiling.Statements, func(st policy.Statement) bool { return st.Effect == policy.Deny }) {
			continue // the ceiling has the floor's statements and takes nothing from them
		}
		result := access.Within(k.PolicyKey(), limits.unnarrowed, limits.Ceiling, limits.Ceiling)
		for _, d := range result.Missing {
			if d.Conditions == "" && (aboutControl(d) || !d.Delegated) {
				*found = append(*found, Problem{
					Place:   place("require"),
					Detail:  fmt.Sprintf("the floor is not inside the ceiling: %s must be allowed %s, and a required Deny forbids it, for a key of type %s", cut(d.Principals, 3), cut(access.ActionPatterns(d.Actions), 3), t),
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

// exampleTypes are one key type for each form of the console default.
func exampleTypes() []defaultpolicy.KeyType {
	return []defaultpolicy.KeyType{
		defaultpolicy.KeyType{}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.EncryptDecrypt}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.SignVerify}.WithDefaults(),
	}
}
