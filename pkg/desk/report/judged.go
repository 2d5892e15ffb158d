package report

import (
	"cmp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Run is what all results of one run of a command have in common.
type Run struct {
	// Version is that of the tool.
	Version string
	// Configuration is the file of the configuration, "" for the built-in default, and
	// ConfigurationHash its hash.
	Configuration, ConfigurationHash string
	// FailOn is the lowest severity that makes the run fail.
	FailOn rules.Severity
}

// Judged is the outcome of one key or file.
type Judged struct {
	Source  Source
	Outcome guardrail.Outcome
}

// Gap is a key or file of which there is no outcome.
type Gap struct{ Name, Why string }

// item is one finding of a result as programs are told of it. Its text is printable.
type item struct {
	severity  rules.Severity
	code      guardrail.Code
	message   string
	id        string
	statement int // from 1; 0 for none
	sid       string
	line      int // of the statement, from 1; 0 where it is not known
	// isExcused says that an exemption excuses the finding.
	isExcused bool
}

// codeNotExplained is the code of an outcome that is not fine and does not say why. Nothing
// gives such an outcome; if something does, it must not pass for a compliant one.
const codeNotExplained guardrail.Code = "not-explained"

// items returns the findings of a result in their order. What reads the same is in it once.
// An outcome that is not fine has at least one.
func (j Judged) items() []item {
	var list []item
	for _, f := range j.Source.Placed(j.Outcome.Findings) {
		i := item{severity: f.Severity, code: guardrail.Code(Printable(string(f.Code))), message: Printable(said(f)), id: Printable(f.ID), isExcused: f.IsExcused() || j.Outcome.Verdict == guardrail.Exempt}
		if f.Statement != nil {
			i.statement, i.sid, i.line = *f.Statement+1, Printable(f.SID), f.Line
		}
		if !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	if v := j.Outcome.Verdict; len(list) == 0 && v != guardrail.Compliant && v != guardrail.Exempt && v != guardrail.NothingToJudge {
		list = append(list, item{severity: rules.High, code: codeNotExplained, message: Printable(string(v) + ", " + j.Outcome.ActionReason)})
	}
	return list
}

// line returns the line of a finding in its file: of its statement, else of its resource; 0 where
// neither is known.
func (j Judged) line(i item) int { return cmp.Or(i.line, j.Source.Line) }

// told returns the message of a finding, after the name of the key where the file and the line
// do not say which key it is.
func (j Judged) told(i item) string {
	switch {
	case j.Source.File == "":
		return j.name() + ": " + i.message
	case j.Source.Resource != "":
		return Printable(j.Source.Resource) + ": " + i.message
	default:
		return i.message
	}
}

// name names the key or file of a result, for people.
func (j Judged) name() string {
	switch o := j.Outcome; {
	case j.Source.Name != "":
		return Printable(j.Source.place(j.Source.Line))
	case o.KeyARN != "":
		return keyName(o)
	default:
		return "(no key)"
	}
}
