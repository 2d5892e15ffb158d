package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Selection is what of a configuration applies to a key, and why.
type Selection struct {
	// Rule is the first rule that matches; nil where none does.
	Rule *Rule
	// Baseline is the rule's, or the configuration's default.
	Baseline *Baseline
	Mode     Mode
	// Doubt says what of the key is not known, so that Rule may match or not; "" where that is
	// known. With a doubt, Baseline is the one of the built-in default, and only what is critical
	// beyond it counts: no label that is withheld keeps a public key open. Mode is then Repair only
	// if each rule that may apply repairs.
	Doubt string
	// Settles is when the doubt ends, because the key is no longer new; zero for any other doubt.
	Settles time.Time
	// Exemptions are those in force for the key, in the order of the file.
	Exemptions []*Exemption
	// Expired are the exemptions that would apply if they had not expired.
	Expired []*Exemption
	// Why says it in words: one line for each rule that was tried, then one for each
	// exemption that has to do with the key.
	Why []string
}

// noRule is the rule name of keys that no rule matches. No rule may have it.
const noRule = "default"

// IsUncertain tells whether it is not known which rule applies.
func (s Selection) IsUncertain() bool { return s.Doubt != "" }

// RuleName returns the name of the rule, "default" where no rule matches.
func (s Selection) RuleName() string {
	if s.Rule == nil {
		return noRule
	}
	return s.Rule.Name
}

// Select returns what of the configuration applies to a key at a moment. A key whose
// aliases, tags or organizational units are not known (nil) has no exemption by them. If a rule
// depends on them, the selection is uncertain.
func (c *Configuration) Select(k Key, labels Labels, now time.Time) Selection {
	s := Selection{Mode: c.Mode}
	isSettling := c.isSettling(k, now)
	c.selectBaseline(k, labels, now, &s)
	if isSettling && s.IsUncertain() {
		s.Settles = k.Created.Add(c.Repair.Settle)
	}
	for i := range c.Exemptions {
		e := &c.Exemptions[i]
		fit, why := e.Match.fits(k, labels, isSettling)
		switch {
		case fit == no:
			continue
		case fit == unknown:
			s.Why = append(s.Why, fmt.Sprintf("exemption %s has no effect: %s", e.Name, why))
		case len(e.Match.Tags) > 0 && !c.AllowTagExemptions:
			s.Why = append(s.Why, fmt.Sprintf("exemption %s has no effect: exemptions by tag are off (allowTagExemptions)", e.Name))
		case !now.Before(e.Expires):
			s.Expired = append(s.Expired, e)
			s.Why = append(s.Why, fmt.Sprintf("exemption %s has no effect: it expired at the end of %s (UTC)", e.Name, e.LastDay()))
		default:
			s.Exemptions = append(s.Exemptions, e)
			s.Why = append(s.Why, fmt.Sprintf("exemption %s of %s excuses %s to the end of %s (UTC): %s", e.Name, e.Owner, e.what(), e.LastDay(), e.Reason))
		}
	}
	return s
}

func (c *Configuration) selectBaseline(k Key, labels Labels, now time.Time, s *Selection) {
	name, isSettling := c.Default, c.isSettling(k, now)
	for i := range c.Rules {
		rule := &c.Rules[i]
		fit, why := rule.Match.fits(k, labels, isSettling)
		switch fit {
		case no:
			s.Why = append(s.Why, fmt.Sprintf("rule %s does not match: %s", rule.Name, why))
			continue
		case unknown:
			s.Doubt = fmt.Sprintf("whether rule %s matches is not known: %s", rule.Name, why)
			s.Why = append(s.Why, s.Doubt)
			s.Rule, s.Mode = rule, c.leastMode(k, labels, isSettling, i)
			s.Baseline = &DefaultConfiguration().Baselines[0]
			return
		default:
			s.Why = append(s.Why, fmt.Sprintf("rule %s matches", rule.Name))
		}
		s.Rule = rule
		if rule.Mode != "" {
			s.Mode = rule.Mode
		}
		if rule.Baseline != "" {
			name = rule.Baseline
		}
		break
	}
	if s.Rule == nil {
		s.Why = append(s.Why, "no rule matches: the default baseline applies")
	}
	s.Baseline = c.baseline(name)
	if s.Baseline != nil {
		s.Baseline = s.Baseline.At(now)
	}
}

// leastMode returns Repair if each rule that may apply to a key repairs, counted from one of
// them on, and the configuration does where perhaps no rule applies.
func (c *Configuration) leastMode(k Key, labels Labels, isSettling bool, from int) Mode {
	for i := from; i < len(c.Rules); i++ {
		rule := &c.Rules[i]
		fit, _ := rule.Match.fits(k, labels, isSettling)
		if fit != no && cmp.Or(rule.Mode, c.Mode) != Repair {
			return Report
		}
		if fit == yes {
			return Repair
		}
	}
	return c.Mode
}

func (c *Configuration) baseline(name string) *Baseline {
	for i := range c.Baselines {
		if c.Baselines[i].Name == name {
			return &c.Baselines[i]
		}
	}
	return nil
}

// NeedsAliases tells whether a rule or exemption matches by alias, so that a key
// cannot be judged without reading its aliases.
func (c *Configuration) NeedsAliases() bool {
	return c.anyMatch(func(m Match) bool { return len(m.Aliases) > 0 })
}

// NeedsTags tells whether a rule or exemption matches by tag, so that a key cannot be judged
// without reading its tags.
func (c *Configuration) NeedsTags() bool {
	return c.anyMatch(func(m Match) bool { return len(m.Tags) > 0 })
}

func (c *Configuration) anyMatch(is func(Match) bool) bool {
	return slices.ContainsFunc(c.Rules, func(r Rule) bool { return is(r.Match) }) ||
		slices.ContainsFunc(c.Exemptions, func(e Exemption) bool { return is(e.Match) })
}

// Repairs tells whether some key may be repaired, so that the function needs the
// permission to write.
func (c *Configuration) Repairs() bool {
	return c.Mode == Repair || slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Mode == Repair })
}

// fit is the answer to whether a match fits a key.
type fit uint8

const (
	no fit = iota
	yes
	unknown
)

// isSettling tells whether a key is so new that aliases and tags may still come. The keys of other
// origins and replicas are made by programs that know what they do: they wait for nothing.
func (c *Configuration) isSettling(k Key, now time.Time) bool {
	return !k.Created.IsZero() && now.Sub(k.Created) < c.Repair.Settle && k.Type.Origin == defaultpolicy.AWSKMS && k.Type.MultiRegion != defaultpolicy.Replica
}

// fits tells whether a match fits a key, and for no and unknown what keeps it from
// fitting. What is known not to fit counts before what is not known. Of a key that settles, a label
// that is not there may still come.
func (m Match) fits(k Key, labels Labels, isSettling bool) (answer fit, why string) {
	answer = yes
	for _, part := range m.parts(k, labels) {
		switch {
		case part.asked == 0 || part.fit == yes:
		case part.fit == no && part.isLabel && isSettling:
			answer, why = unknown, "the key is new, and its "+part.name+" may still come"
		case part.fit == no:
			return no, "its " + part.name + " " + part.verb
		default:
			answer, why = unknown, "the key's "+part.name+" are not known"
		}
	}
	return answer, why
}

// part is one field of a match.
type part struct {
	name, verb string
	asked      int
	fit        fit
	isLabel    bool // people give it to the key, and take it away
}

func (m Match) parts(k Key, labels Labels) []part {
	return []part{
		oneOf("keys", m.Keys, func(want string) bool { return want == k.ARN || strings.HasSuffix(k.ARN, ":key/"+want) }),
		oneOf("accounts", m.Accounts, func(want string) bool { return want == k.Account }),
		oneOf("Regions", m.Regions, func(want string) bool { return want == k.Region }),
		oneOf("key usages", m.KeyUsages, is(k.Type.Usage)),
		oneOf("key specs", m.KeySpecs, is(k.Type.Spec)),
		oneOf("origins", m.Origins, is(k.Type.Origin)),
		known(k.OrganizationalUnits != nil, oneOf("organizational units", m.OrganizationalUnits, func(want string) bool { return slices.Contains(k.OrganizationalUnits, want) })),
		known(labels.Aliases != nil, label(oneOf("aliases", m.Aliases, func(want string) bool {
			return slices.ContainsFunc(labels.Aliases, func(alias string) bool { return policy.IsLike(want, alias) })
		}))),
		known(labels.Tags != nil, label(m.tags(labels))),
	}
}

func oneOf[T any](name string, wanted []T, fits func(T) bool) part {
	p := part{name: name, verb: "do not include the key's", asked: len(wanted)}
	if slices.ContainsFunc(wanted, fits) {
		p.fit = yes
	}
	return p
}

func label(p part) part {
	p.isLabel = true
	return p
}

func is[T comparable](value T) func(T) bool { return func(want T) bool { return want == value } }

func known(isKnown bool, p part) part {
	if !isKnown {
		p.fit = unknown
	}
	return p
}

func (m Match) tags(labels Labels) part {
	p := part{name: "tags", verb: "are not all on the key", asked: len(m.Tags), fit: yes}
	for key, want := range m.Tags {
		if value, there := labels.Tags[key]; !there || !policy.IsLike(want, value) {
			p.fit = no
		}
	}
	return p
}

// ReportOnly returns the configuration with every mode lowered to report: the kill switch.
func (c *Configuration) ReportOnly() *Configuration {
	lowered := *c
	lowered.Mode = Report
	lowered.Rules = slices.Clone(c.Rules)
	for i := range lowered.Rules {
		if lowered.Rules[i].Mode != "" {
			lowered.Rules[i].Mode = Report
		}
	}
	return &lowered
}
