package report

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
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
	line      int // from 1; 0 where it is not known
}

// codeNotExplained is the code of an outcome that is not fine and does not say why. Nothing
// gives such an outcome; if something does, it must not pass for a compliant one.
const codeNotExplained guardrail.Code = "not-explained"

// items returns the findings of a result in their order. What reads the same is in it once.
// An outcome that is not fine has at least one.
func (j Judged) items() []item {
	statements := statementsOf(j.Source.Policy)
	var list []item
	for _, f := range j.Outcome.Findings {
		i := item{severity: f.Severity, code: guardrail.Code(Printable(string(f.Code))), message: Printable(f.Message), id: Printable(f.ID)}
		if f.Statement != nil {
			i.statement = *f.Statement + 1
			i.sid, i.line = statementPlace(j.Source.Policy, statements, *f.Statement)
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

// statementPlace returns the printable Sid of the statement with an index, which counts from 0,
// and the line on which it starts.
func statementPlace(text string, statements []policy.Statement, index int) (sid string, line int) {
	if index < 0 || index >= len(statements) {
		return "", 0
	}
	return Printable(statements[index].SID), lineOf(text, statements[index])
}

// name names the key or file of a result, for people.
func (j Judged) name() string {
	switch o := j.Outcome; {
	case j.Source.Name != "":
		return Printable(j.Source.Name)
	case o.KeyARN != "":
		return keyName(o)
	default:
		return "(no key)"
	}
}
