package guardrail

import (
	"fmt"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Verdict is the judgement in a word.
type Verdict string

// The verdicts.
const (
	// Compliant: no finding above info.
	Compliant Verdict = "compliant"
	// NonCompliant: at least one finding above info is proved.
	NonCompliant Verdict = "non-compliant"
	// Exempt: an exemption is in force and excuses every finding above info; they are listed all
	// the same.
	Exempt Verdict = "exempt"
	// CannotJudge is never treated as compliant.
	CannotJudge Verdict = "cannot-judge"
	// NothingToJudge: the event or the key is none of the guardrail's business.
	NothingToJudge Verdict = "none"
)

// Judgement is what Judge says of a key.
type Judgement struct {
	Verdict Verdict
	// Severity is the worst of the findings that no exemption excuses; of an exempt key, the worst
	// of all.
	Severity rules.Severity
	Findings []Finding
	// Selection is what of the configuration applies.
	Selection rules.Selection
	// Decision is what to do.
	Decision Decision
	// Live is the judged policy; nil where it could not be read.
	Live *policy.Document
	// Limits are what the baseline means for the key; zero where there are none.
	Limits rules.Limits
	// Floors are what a repair must allow: Limits.Floor, without the access that the Deny
	// statements of Live that may stay deny. They are one or two sets; the repair must allow
	// each of them.
	Floors []policy.Set
	// At is the moment of the judgement.
	At time.Time
	// Work is what the judgement's comparisons took, in the units of [access.WithinWork].
	Work int

	// organization is what the configuration says of the organization of the key's account.
	organization rules.Organization
}

// HasLimits tells whether the policy was read and held against a baseline: only then can a
// repair be planned.
func (j Judgement) HasLimits() bool {
	return j.Live != nil && len(j.Limits.Ceiling.Statements) > 0 && len(j.Floors) > 0
}

// Judge holds a key's policy against what the configuration wants of the key. It
// never fails: what cannot be judged is the verdict CannotJudge, with the reason as
// a finding of severity High.
func Judge(s Snapshot, c *rules.Configuration, now time.Time) Judgement {
	s.Key = c.Organization.Placed(s.Key)
	e := examination{Judgement: Judgement{Selection: c.Select(s.Key, s.Labels, now), At: now, organization: c.Organization}, snapshot: s}
	e.prepare()
	for _, check := range checks {
		if check.needs > e.known {
			continue
		}
		before := len(e.Findings)
		check.find(&e)
		if e.Selection.IsUncertain() && check.needs == limitsKnown {
			e.Findings = append(e.Findings[:before], slices.DeleteFunc(e.Findings[before:], isOfARule)...)
		}
	}
	e.conclude(c)
	return e.Judgement
}

// isOfARule tells whether a finding depends on which rule applies to the key. What is critical
// does not, nor whether the guardrail can change the policy.
func isOfARule(f Finding) bool { return f.Severity != rules.Critical && f.Code != CodeLockedOut }

// Unjudged returns the judgement of a key that could not be judged for one reason.
func Unjudged(k rules.Key, code Code, message string) Judgement {
	f := NewFinding(k, code, rules.High, message)
	return Judgement{Verdict: CannotJudge, Severity: rules.High, Findings: []Finding{f}, Decision: Decision{Reason: string(code)}}
}

// conclude draws the verdict, and the decision, from the findings.
func (e *examination) conclude(c *rules.Configuration) {
	j, s := &e.Judgement, e.snapshot
	j.excuse()
	has := func(is func(Finding) bool) bool {
		return slices.ContainsFunc(j.Findings, func(f Finding) bool { return !f.IsExcused() && is(f) })
	}
	switch {
	case len(j.Selection.Exemptions) > 0 && !has(func(f Finding) bool { return f.Severity.AtLeast(rules.Low) && f.Code != CodeExemptByTag }):
		j.Verdict = Exempt
	case has(func(f Finding) bool { return f.Severity.AtLeast(rules.Low) && f.Code.proved() && !f.Code.isLint() }):
		j.Verdict = NonCompliant
	case has(func(f Finding) bool { return f.Code.unjudged() }):
		j.Verdict = CannotJudge
	case has(func(f Finding) bool { return f.Severity.AtLeast(rules.Low) && f.Code.isLint() }):
		j.Verdict = NonCompliant
	default:
		j.Verdict = Compliant
	}
	for i := range j.Findings {
		if n := j.Findings[i].Statement; n != nil && j.Live != nil && *n < len(j.Live.Statements) {
			j.Findings[i].SID = Neutral(j.Live.Statements[*n].SID)
		}
	}
	slices.SortStableFunc(j.Findings, func(a, b Finding) int { return b.Severity.Compare(a.Severity) })
	if j.Verdict != Exempt { // what is excused comes last
		slices.SortStableFunc(j.Findings, func(a, b Finding) int { return compareBool(a.IsExcused(), b.IsExcused()) })
	}
	if more := len(j.Findings) - mostFindings; more > 0 {
		first := j.Findings[mostFindings] // the worst that is not listed, or one that is excused as all after it
		rest := NewFinding(s.Key, CodeMoreFindings, first.Severity, fmt.Sprintf("%d more findings are not listed", more))
		rest.Exemption = first.Exemption
		j.Findings = append(j.Findings[:mostFindings], rest)
	}
	j.Severity = SeverityOf(j.Verdict, j.Findings)
	j.Decision = j.decide(s, c)
}

// excuse marks the findings that an exemption in force excuses. An info needs no excuse.
func (j *Judgement) excuse() {
	for i := range j.Findings {
		f := &j.Findings[i]
		var principals []string
		if f.Difference != nil {
			principals = f.Difference.Principals
		}
		if f.Severity.AtLeast(rules.Low) && f.Code != CodeExemptByTag {
			f.Exemption = j.Selection.ExcusedBy(string(f.Code), f.ID, f.Severity, principals, j.At)
		}
	}
}

// IsExcused tells whether there are findings above info about a statement of the policy, and an
// exemption excuses each of them. It is false where not all findings are listed.
func (j *Judgement) IsExcused(statement int) bool {
	count := 0
	for _, f := range j.Findings {
		switch {
		case f.Code == CodeMoreFindings:
			return false
		case f.Statement == nil || *f.Statement != statement || !f.Severity.AtLeast(rules.Low):
		case !f.IsExcused():
			return false
		default:
			count++
		}
	}
	return count > 0
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// mostFindings bounds an outcome: a hostile policy can have a thousand differences,
// and a log line or message has to stay readable.
const mostFindings = 50
