package guardrail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Verdict is the judgement in a word.
type Verdict string

// The verdicts.
const (
	Compliant    Verdict = "compliant"
	NonCompliant Verdict = "non-compliant"
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
	// Live is the judged policy, Baseline the generated default; nil where they
	// could not be had.
	Live, Baseline *policy.Document
	// Comparison is empty unless both could be had.
	Comparison access.Result
}

// Judge compares a key's policy with the default policy for the key's type.
// It never fails: what cannot be judged is the verdict CannotJudge, with the
// reason as a finding of severity High.
func Judge(s Snapshot, y Yardstick) Judgement {
	live, err := policy.Parse(s.Policy)
	if err != nil {
		return Unjudged(s.Key, CodeMalformedPolicy, malformed(err))
	}
	baseline, err := y.Baseline(s.Key)
	if err != nil {
		j := Unjudged(s.Key, noBaseline(err), "no default policy for this key: "+err.Error())
		j.Live = live
		return j
	}
	j := Judgement{Verdict: CannotJudge, Live: live, Baseline: baseline, Comparison: access.Compare(s.Key.PolicyKey(), baseline, live)}
	switch j.Comparison.Verdict {
	case access.Equal:
		j.Verdict = Compliant
	case access.Different:
		j.Verdict = NonCompliant
	default: // undecided, or a verdict that this package does not know
	}
	j.Findings = findings(s.Key, j.Comparison)
	j.Severity = Worst(j.Findings)
	return j
}

// Unjudged returns the judgement of a key that could not be judged for one reason.
func Unjudged(k Key, code Code, message string) Judgement {
	f := NewFinding(k, code, High, message)
	return Judgement{Verdict: CannotJudge, Severity: High, Findings: []Finding{f}}
}

// NewFinding returns a finding about a key, with its stable id.
func NewFinding(k Key, code Code, severity Severity, message string) Finding {
	sum := sha256.Sum256([]byte(k.ARN + "\n" + string(code)))
	return Finding{ID: hex.EncodeToString(sum[:8]), Code: code, Severity: severity, Message: message}
}

// Worst returns the worst severity of findings, NoSeverity for none.
func Worst(findings []Finding) Severity {
	severity := NoSeverity
	for _, f := range findings {
		if f.Severity.rank() > severity.rank() {
			severity = f.Severity
		}
	}
	return severity
}

// findings turns a comparison into findings, worst first.
func findings(k Key, c access.Result) []Finding {
	list := []Finding{}
	for _, d := range c.Excess {
		code, severity := judgeExcess(d)
		list = append(list, newDifference(k, code, severity, "may", d))
	}
	for _, d := range c.Missing {
		code, severity := judgeMissing(d)
		list = append(list, newDifference(k, code, severity, "may not", d))
	}
	for _, open := range c.Inconclusive {
		f := NewFinding(k, CodeUndecided, High, undecided(open))
		if open.Policy == access.Actual && open.Reason != "over-budget" {
			f.Statement = &open.Statement
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return b.Severity.rank() - a.Severity.rank() })
	if more := len(list) - mostFindings; more > 0 {
		list = append(list[:mostFindings], NewFinding(k, CodeMoreFindings, list[mostFindings].Severity, fmt.Sprintf("%d more findings are not listed", more)))
	}
	return list
}

// mostFindings bounds an outcome: a hostile policy can have a thousand differences,
// and a log line or message has to stay readable.
const mostFindings = 50

func judgeExcess(d access.Difference) (Code, Severity) {
	switch d.Scope {
	case access.AnyAccount:
		if d.Conditions != "" {
			return CodePublicAccess, High
		}
		return CodePublicAccess, Critical
	case access.NamedAccount:
		return CodeForeignAccess, High
	case access.AWSService:
		return CodeServiceAccess, High
	default:
		return CodeAccountAccess, Medium
	}
}

// judgeMissing tells the account's lost control of the key policy from lost use.
func judgeMissing(d access.Difference) (Code, Severity) {
	putKeyPolicy := slices.ContainsFunc(d.Actions, func(name string) bool {
		return access.ActionsMatching(name)&access.ActionsMatching("kms:PutKeyPolicy") != 0
	})
	if d.Delegated && d.Unnamed && putKeyPolicy {
		return CodeAccountStatementMissing, High
	}
	return CodeAccessMissing, Low
}

func newDifference(k Key, code Code, severity Severity, may string, d access.Difference) Finding {
	message := cut(d.Principals, 8) + " " + may + " " + cut(access.ActionPatterns(d.Actions), 12)
	if d.Delegated {
		message += " with a permission of their own account"
	}
	if d.Conditions != "" {
		message += ", under conditions"
	}
	f := NewFinding(k, code, severity, message)
	if d.Policy == access.Actual {
		f.Statement = &d.Statement
	}
	f.Witness = &d.Witness
	return f
}

// cut names the first few of a list and counts the rest.
func cut(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// noBaseline tells a key type without a default from settings that fit no key.
func noBaseline(err error) Code {
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

// malformed words a parse error without the text that it quotes.
func malformed(err error) string {
	var problem *policy.Error
	if !errors.As(err, &problem) {
		return "the key policy cannot be read"
	}
	return fmt.Sprintf("the key policy cannot be read: %s at line %d, column %d", problem.Code, problem.Line, problem.Column)
}

// undecided words an open question without the statement's text.
func undecided(open access.Inconclusive) string {
	which := "the key policy"
	if open.Policy == access.Baseline {
		which = "the generated default"
	}
	switch open.Reason {
	case "over-budget":
		return "the policies are too complex to compare"
	case "conditions":
		return fmt.Sprintf("what statement %d of %s allows depends on its conditions", open.Statement, which)
	default:
		return fmt.Sprintf("what statement %d of %s allows is not decided (%s)", open.Statement, which, open.Reason)
	}
}
