package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// Exemption lets the keys that it matches be as they are, until a day. It excuses findings: those
// that fit each of Principals, Codes and Findings that is not empty, or where all are empty every
// finding that is not critical.
type Exemption struct {
	Name   string `json:"name"`
	Match  Match  `json:"match"`
	Owner  string `json:"owner"`
	Reason string `json:"reason"`
	// Expires is the first moment at which it has no effect any more: the end of the
	// day that the file names, in UTC.
	Expires time.Time `json:"expires"`
	// Principals are ARN patterns, with * and ? but not for the account, account ids, and AWS services.
	// A finding fits if each principal that it is about does. An account id is the whole account.
	Principals []string `json:"principals"`
	// Codes are those of findings, such as foreign-access.
	Codes []string `json:"codes"`
	// Findings are ids of findings, as outcomes have them.
	Findings []string `json:"findings"`
	// Critical lets it excuse critical findings, too, within MostCritical of its end.
	Critical bool `json:"critical"`
}

const (
	// MostCritical is how long a critical finding can be excused: 30 days, and the rest of the day on
	// which somebody says so.
	MostCritical = 31 * 24 * time.Hour
	// MostPermitted is the longest time for which a statement with a date can be permitted: 365 days, and
	// the rest of the day on which somebody says so.
	MostPermitted = 366 * 24 * time.Hour
)

// LastDay is the day that the file names, such as 2027-01-31: the last on which the
// exemption has an effect.
func (e Exemption) LastDay() string { return lastDay(e.Expires) }

func lastDay(end time.Time) string { return end.UTC().Add(-1).Format(time.DateOnly) }

// Excuses tells whether the exemption excuses a finding of a code, an id and a severity at a moment.
// principals are those that the finding is about, as package access names them; nil for none. It does
// not ask whether the exemption is in force.
func (e Exemption) Excuses(code, id string, severity Severity, principals []string, now time.Time) bool {
	isListed := len(e.Principals)+len(e.Codes)+len(e.Findings) > 0
	switch {
	case severity == Critical && (!e.Critical || !isListed || e.Expires.Sub(now) > MostCritical):
		return false
	case len(e.Codes) > 0 && !slices.Contains(e.Codes, code):
		return false
	case len(e.Findings) > 0 && !slices.Contains(e.Findings, id):
		return false
	case len(e.Principals) == 0:
		return true
	default:
		return len(principals) > 0 && !slices.ContainsFunc(principals, func(name string) bool { return !e.names(name) })
	}
}

// what says which findings the exemption excuses.
func (e Exemption) what() string {
	var parts []string
	for _, list := range []struct {
		name   string
		values []string
	}{{"code", e.Codes}, {"principals", e.Principals}, {"id", e.Findings}} {
		if len(list.values) > 0 {
			parts = append(parts, list.name+" "+FirstOf(list.values, 4))
		}
	}
	switch {
	case len(parts) == 0:
		return "everything up to high"
	case e.Critical:
		return "findings, critical ones too, with " + strings.Join(parts, " and ")
	default:
		return "findings up to high with " + strings.Join(parts, " and ")
	}
}

// ExcusedBy returns the name of the first exemption in force that excuses a finding, "" for none. See
// [Exemption.Excuses].
func (s Selection) ExcusedBy(code, id string, severity Severity, principals []string, now time.Time) string {
	for _, e := range s.Exemptions {
		if e.Excuses(code, id, severity, principals, now) {
			return e.Name
		}
	}
	return ""
}

// ExemptionNames returns the names of the exemptions in force, with commas; "" for none.
func (s Selection) ExemptionNames() string {
	var names []string
	for _, e := range s.Exemptions {
		names = append(names, e.Name)
	}
	return strings.Join(names, ", ")
}

// names tells whether the exemption lists a principal. Of groups it can list whole accounts only.
func (e Exemption) names(principal string) bool {
	for _, account := range []string{"every principal of account ", "every other principal of account "} {
		if id, ok := strings.CutPrefix(principal, account); ok {
			return slices.Contains(e.Principals, strings.TrimSuffix(id, " but its root user"))
		}
	}
	return slices.ContainsFunc(e.Principals, func(pattern string) bool {
		return principal == pattern || strings.HasPrefix(principal, "arn:") && (policy.IsLike(pattern, principal) || policy.IsAccountID(pattern) && AccountOf(principal) == pattern)
	})
}

// At returns the baseline without the statements that are not permitted any more at a moment: the
// baseline itself where there is none.
func (b *Baseline) At(now time.Time) *Baseline {
	isOver := func(i int) bool {
		return i < len(b.PermitUntil) && !b.PermitUntil[i].IsZero() && !now.Before(b.PermitUntil[i])
	}
	var left []Template
	for i, t := range b.Permit {
		if !isOver(i) {
			left = append(left, t)
		}
	}
	if len(left) == len(b.Permit) {
		return b
	}
	at := *b
	at.Permit, at.PermitUntil = left, nil
	return &at
}

// excusable are the codes that an exemption can name, beside those of package lint. Package guardrail has
// what they mean.
var excusable = []string{
	"access-missing", "account-access", "account-statement-missing", "control-restricted", "foreign-access", "guardrail-denied", "hardening-deny",
	"lockout-check-bypassed", "no-administrator", "not-generated-default", "only-dead-principals", "public-access", "required-access-missing",
	"service-access", "undecided", "use-denied",
}

// ExcusableCodes returns the codes of the findings that an exemption can name, sorted.
func ExcusableCodes() []string {
	list := slices.Clone(excusable)
	for _, code := range lint.Codes() {
		list = append(list, "lint-"+string(code))
	}
	slices.Sort(list)
	return list
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
		e.checkFindings(found, place)
	}
}

// checkFindings finds entries of the lists of findings that can fit none.
func (e *Exemption) checkFindings(found *problems, place []string) {
	if e.Critical && len(e.Principals)+len(e.Codes)+len(e.Findings) == 0 {
		found.add("critical findings are excused only by name: list principals, codes or findings", append(place, "critical")...)
	}
	each(found, place, "principals", e.Principals, "the ARN of a principal, in which the account is no pattern, an account id, or an AWS service such as logs.amazonaws.com", func(text string) bool {
		isService := strings.HasSuffix(text, ".amazonaws.com") && !strings.ContainsAny(text, "*?: ")
		return isService || policy.IsAccountID(text) || strings.HasPrefix(text, "arn:") && policy.IsAccountID(AccountOf(text))
	})
	each(found, place, "findings", e.Findings, "the id of a finding, of 16 digits and letters from a to f", func(text string) bool {
		_, err := strconv.ParseUint(text, 16, 64)
		return err == nil && len(text) == 16 && text == strings.ToLower(text)
	})
	known := ExcusableCodes()
	for i, code := range e.Codes {
		if slices.Contains(known, code) {
			continue
		}
		detail := fmt.Sprintf("%q is no code of a finding about a key policy", code)
		if nearest := spelling.Nearest(code, known); nearest != "" {
			detail += fmt.Sprintf("; did you mean %q?", nearest)
		}
		found.add(detail, append(slices.Clone(place), "codes", strconv.Itoa(i))...)
	}
}

// CheckDates returns what of the configuration lasts for too long, counted from a moment: an
// exemption of critical findings, and a permitted statement with a date.
func (c *Configuration) CheckDates(now time.Time) []Problem {
	var found problems
	for i := range c.Exemptions {
		if e := &c.Exemptions[i]; e.Critical && e.Expires.Sub(now) > MostCritical {
			found.add("critical findings are excused for at most 30 days: the last day can be "+lastDay(now.UTC().Truncate(24*time.Hour).Add(MostCritical)), "exemptions", strconv.Itoa(i), "expires")
		}
	}
	for i := range c.Baselines {
		b := &c.Baselines[i]
		for n, until := range b.PermitUntil {
			if until.Sub(now) > MostPermitted {
				found.add("a statement is permitted until a day for at most 365 days: the last day can be "+lastDay(now.UTC().Truncate(24*time.Hour).Add(MostPermitted))+"; without until it is permitted for good",
					"baselines", b.Name, "permit", strconv.Itoa(n), "until")
			}
		}
	}
	return found
}
