package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// judged is one result of a command that judges: an outcome, with the file that its policy
// or event was read from. Its JSON form is public.
type judged struct {
	File string `json:"file,omitempty"`
	// Resource is the key in a template, plan or state, and Line is where it starts there.
	Resource string `json:"resource,omitempty"`
	Line     int    `json:"line,omitempty"`
	// Assumed says in words what of the template was assumed.
	Assumed []string `json:"assumed,omitempty"`
	// Change is what a plan changes: the policy before it as the baseline, and after it.
	Change        *access.Result `json:"change,omitempty"`
	Configuration used           `json:"configuration"`
	guardrail.Outcome

	policy string // the text of the policy file, so that findings name its lines; "" for none
	lines  []int  // the lines of its statements, where the file is more than the policy
}

// judging writes results as they come, and remembers the exit code that counts.
type judging struct {
	used    used
	streams streams
	answers *results
	failOn  rules.Severity // the lowest severity that makes the exit code 1
	code    int
}

func newJudging(o *options, u used, failOn rules.Severity) *judging {
	return &judging{used: u, streams: o.streams, answers: &results{out: o.streams.out, output: o.output}, failOn: failOn, code: exitFine}
}

// each judges what the names stand for, in their order. A name that cannot be judged is an
// error on the stream for errors, and the others go on. The error that each returns has the
// exit code.
func (j *judging) each(ctx context.Context, names []string, judge func(ctx context.Context, name string) (judged, error)) error {
	for _, name := range names {
		result, err := judge(ctx, name)
		if err := j.add(ctx, name, result, err); err != nil {
			return err
		}
	}
	return j.end()
}

// add writes one result, or the error in place of it. What it returns ends the command.
func (j *judging) add(ctx context.Context, name string, result judged, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), j.answers.end())
	case err != nil:
		j.streams.note("kmsguard: %s", problemOf(name, err))
		j.code = worse(j.code, exitError)
		return nil
	}
	j.code = worse(j.code, outcomeCode(result.Outcome, j.failOn))
	return j.write(result)
}

// end must follow the last add. The error that it returns has the exit code.
func (j *judging) end() error {
	if err := j.answers.end(); err != nil {
		return err
	}
	return status(j.code)
}

func (j *judging) write(r judged) error {
	r.Configuration = j.used
	if j.answers.output != textOutput {
		return j.answers.add(r)
	}
	source := report.Source{Policy: r.policy, Lines: r.lines, Assumed: r.Assumed, Change: r.Change}
	if r.File != "" {
		source.Name = placeOf(r.File, r.Line, r.Resource)
	}
	return j.answers.paragraph(source, r.Outcome)
}

// placeOf names a resource in a file, as an editor makes a link of it.
func placeOf(file string, line int, resource string) string {
	place := nameOf(file)
	if line > 0 {
		place += fmt.Sprintf(":%d", line)
	}
	if resource != "" {
		place += " " + resource
	}
	return place
}

// problemOf words an error about a file or key. The error of a malformed policy or template
// begins with its place.
func problemOf(name string, err error) string {
	var malformed *policy.Error
	var broken *template.Error
	if errors.As(err, &malformed) || errors.As(err, &broken) && broken.Line > 0 {
		return nameOf(name) + ":" + err.Error()
	}
	return nameOf(name) + ": " + err.Error()
}

// outcomeCode is the exit code of one outcome. What is not known is not fine, whatever
// its severity.
func outcomeCode(o guardrail.Outcome, failOn rules.Severity) int {
	switch o.Verdict {
	case guardrail.Compliant, guardrail.Exempt, guardrail.NothingToJudge:
		return exitFine
	case guardrail.NonCompliant:
		if o.Severity.AtLeast(failOn) {
			return exitDifferent
		}
		return exitFine
	default:
		return exitInconclusive
	}
}
