package guardrail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// Verdict is the judgement in a word.
type Verdict string

// The verdicts.
const (
	// Compliant: no finding above info.
	Compliant Verdict = "compliant"
	// NonCompliant: at least one finding above info is proved.
	NonCompliant Verdict = "non-compliant"
	// Exempt: an exemption is in force; what was found is listed all the same.
	Exempt Verdict = "exempt"
	// CannotJudge is never treated as compliant.
	CannotJudge Verdict = "cannot-judge"
	// NothingToJudge: the event or the key is none of the guardrail's business.
	NothingToJudge Verdict = "none"
)

// Judgement is what Judge says of a key.
type Judgement struct {
	Verdict  Verdict
	Severity Severity // the worst of the findings
	Findings []Finding
	// Selection is what of the configuration applies.
	Selection Selection
	// Decision is what to do.
	Decision Decision
	// Live is the judged policy; nil where it could not be read.
	Live *policy.Document
	// Limits are those of the baseline for the key; zero where there are none.
	Limits Limits
	// Floors are the floor for a repair in two parts: Limits.Floor, narrowed by the Deny
	// statements of Live that may stay.
	Floors []*policy.Document
	// At is the moment of the judgement.
	At time.Time
}

// Judge holds a key's policy against what the configuration wants of the key. It
// never fails: what cannot be judged is the verdict CannotJudge, with the reason as
// a finding of severity High.
func Judge(s Snapshot, c *Configuration, now time.Time) Judgement {
	j := Judgement{Selection: c.Select(s.Key, s.Labels, now), At: now}
	j.examine(s)
	j.conclude(s, c)
	return j
}

// Unjudged returns the judgement of a key that could not be judged for one reason.
func Unjudged(k Key, code Code, message string) Judgement {
	f := NewFinding(k, code, High, message)
	return Judgement{Verdict: CannotJudge, Severity: High, Findings: []Finding{f}, Decision: Decision{Reason: string(code)}}
}

// examine reads the policy and collects the findings. It leaves the verdict
// CannotJudge where something keeps it from comparing.
func (j *Judgement) examine(s Snapshot) {
	j.Verdict = CannotJudge
	live, err := policy.Parse(s.Policy)
	if err != nil {
		j.add(NewFinding(s.Key, CodeMalformedPolicy, High, malformed(err)))
		return
	}
	j.Live = live
	if s.BypassedLockoutCheck {
		j.add(NewFinding(s.Key, CodeLockoutCheckBypassed, High, "the policy was set with the lockout safety check switched off"))
	}
	if j.Selection.Baseline == nil {
		why := "no baseline applies"
		if n := len(j.Selection.Why); n > 0 {
			why = j.Selection.Why[n-1]
		}
		j.add(NewFinding(s.Key, CodeRuleUndecided, High, why))
		return
	}
	if j.Limits, err = j.Selection.Baseline.Limits(s.Key); err != nil {
		j.add(NewFinding(s.Key, noLimits(err), High, "baseline "+j.Selection.Baseline.Name+" does not fit this key: "+err.Error()))
		return
	}
	j.compare(s.Key)
	j.judgeReach(s)
}

// judgeReach adds a finding where the guardrail is to repair the key and its policy does
// not let it.
func (j *Judgement) judgeReach(s Snapshot) {
	ofAccount := strings.HasPrefix(s.Writer, "arn:"+s.Key.Partition+":iam::"+s.Key.Account+":role/")
	if !ofAccount || j.Selection.Mode != Repair || s.Key.mayChange(j.Live, evaluation.RolePrincipal, s.Writer, j.At, nil) {
		return
	}
	message := "the key policy does not let the guardrail change it"
	if who, _ := access.WhoMay(s.Key.PolicyKey(), j.Live.Set, putKeyPolicy); len(who) > 0 {
		message += "; who can: " + cut(who, 8)
	}
	j.add(NewFinding(s.Key, CodeLockedOut, High, message))
}

// compare holds the policy against the limits.
func (j *Judgement) compare(k Key) {
	result := access.Within(k.PolicyKey(), j.Limits.Floor.Set, j.Live.Set, j.Limits.Ceiling.Set)
	for _, d := range result.Excess {
		code, severity := judgeExcess(k, d, j.Live)
		j.add(newDifference(k, code, severity, excessMessage(d), d))
	}
	j.judgeMissing(k, result.Missing)
	for _, open := range result.Inconclusive {
		f := NewFinding(k, CodeUndecided, High, undecided(open))
		if open.Policy == access.Actual && open.Reason != "over-budget" {
			f.Statement = &open.Statement
		}
		j.add(f)
	}
	if len(result.Inconclusive) == 0 {
		j.Verdict = Compliant
	}
	if j.Selection.Baseline.Match == ExactDefault {
		j.recognise(k)
	}
	j.lint(k)
}

// recognise asks whether a policy is a generated default. That it names only whom
// the baseline permits is what the limits say.
func (j *Judgement) recognise(k Key) {
	b := j.Selection.Baseline
	r, err := recognition.Identify(k.PolicyKey(), k.Type, j.Live, recognition.Options{Style: b.Style, Edition: b.edition()})
	switch {
	case err == nil && r.Verdict == recognition.Default:
	case err == nil && r.Verdict == recognition.NotDefault:
		j.add(NewFinding(k, CodeNotGeneratedDefault, Low, "the policy is not a default that AWS generates for a key of this type"))
	default:
		j.Verdict = CannotJudge
		j.add(NewFinding(k, CodeUndecided, High, "whether the policy is a default that AWS generates is not decided"))
	}
}

// conclude draws the verdict, and the decision, from the findings.
func (j *Judgement) conclude(s Snapshot, c *Configuration) {
	for _, e := range j.Selection.Expired {
		j.add(NewFinding(s.Key, CodeExemptionExpired, Info, fmt.Sprintf("exemption %s of %s expired at the end of %s (UTC)", e.Name, e.Owner, e.LastDay())))
	}
	proved := slices.ContainsFunc(j.Findings, func(f Finding) bool { return f.Severity.AtLeast(Low) && f.Code.proved() })
	switch {
	case j.Selection.Exemption != nil:
		j.Verdict = Exempt
		if e := j.Selection.Exemption; len(e.Match.Tags) > 0 {
			j.add(NewFinding(s.Key, CodeExemptByTag, Low, fmt.Sprintf("exemption %s applies because of a tag, which whoever may tag the key can set", e.Name)))
		}
	case proved:
		j.Verdict = NonCompliant
	}
	slices.SortStableFunc(j.Findings, func(a, b Finding) int { return b.Severity.rank() - a.Severity.rank() })
	if more := len(j.Findings) - mostFindings; more > 0 {
		j.Findings = append(j.Findings[:mostFindings], NewFinding(s.Key, CodeMoreFindings, j.Findings[mostFindings].Severity, fmt.Sprintf("%d more findings are not listed", more)))
	}
	j.Severity = Worst(j.Findings)
	j.Decision = j.decide(s, c)
}

// mostFindings bounds an outcome: a hostile policy can have a thousand differences,
// and a log line or message has to stay readable.
const mostFindings = 50

func (j *Judgement) add(f Finding) { j.Findings = append(j.Findings, f) }

// noLimits tells a key type without a default from a baseline that does not fit the key.
func noLimits(err error) Code {
	var problem *defaultpolicy.Error
	if errors.As(err, &problem) {
		switch problem.Code {
		case defaultpolicy.UnknownKeySpec, defaultpolicy.UnknownKeyUsage, defaultpolicy.UnknownOrigin,
			defaultpolicy.UnknownMultiRegion, defaultpolicy.InvalidCombination, defaultpolicy.NotInPartition:
			return CodeUnknownKeyType
		default:
		}
	}
	return CodeBadBaseline
}
