package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// Problem is something in a configuration that contradicts itself or names what
// does not exist.
type Problem struct {
	// Place is the path to the value in guardrail.yaml: keys, and positions in lists
	// counted from 0, such as "rules", "0", "baseline". A baseline is named by its key.
	Place []string
	// Detail says what is wrong and what to write, in one line.
	Detail string
	// Witness is a request that the floor of a baseline allows and its ceiling does not, or
	// one that changes the key policy and that the policies of a baseline refuse to all.
	Witness *evaluation.Request
}

// Check returns what is wrong with a configuration apart from its form. It returns nothing for
// a configuration that can be used. For each baseline it
//   - makes the limits for a key of each kind, so that an ARN or statement that fits no key is
//     found before the first event;
//   - finds statements of permit and require that give nobody anything;
//   - finds statements of require that no policy could be proved to have;
//   - proves that the floor lies inside the ceiling;
//   - proves that the floor leaves somebody who can change the key policy.
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
		if rule.Name == noRule {
			found.add(strconv.Quote(noRule)+" is what outcomes say where no rule matches; give the rule another name", append(place, "name")...)
		}
		if rule.Name == "" || names[rule.Name] {
			found.add("a rule needs a name of its own: outcomes say which rule applied", append(place, "name")...)
		}
		names[rule.Name] = true
		checkMatch(found, append(place, "match"), rule.Match)
	}
}

// checkMatch finds entries that can match no key.
func checkMatch(found *problems, place []string, m Match) {
	each(found, place, "accounts", m.Accounts, "an account id of twelve digits", policy.IsAccountID)
	each(found, place, "aliases", m.Aliases, "an alias such as alias/payments or alias/payments-*", func(text string) bool { return policy.IsLike("alias/?*", text) || strings.HasPrefix(text, "*") })
	each(found, place, "keys", m.Keys, "a key id or key ARN", func(text string) bool {
		if strings.HasPrefix(text, "arn:") {
			_, err := policy.ParseKeyARN(text)
			return err == nil
		}
		return text != "" && !strings.ContainsAny(text, ":/*?")
	})
	each(found, place, "organizationalUnits", m.OrganizationalUnits, "the id of an organizational unit or root, such as ou-ab12-11111111", func(text string) bool {
		return policy.IsLike("ou-?*-?*", text) || policy.IsLike("r-?*", text)
	})
	each(found, place, "regions", m.Regions, "a Region such as us-east-1", func(text string) bool { return policy.IsLike("?*-?*-?*", text) && !strings.ContainsAny(text, "*? ") })
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
