package cli

import (
	"context"
	"errors"
	"io"

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

// source says where the policy or event was read from.
func (r judged) source() report.Source {
	source := report.Source{Resource: r.Resource, Line: r.Line, Policy: r.policy, Lines: r.lines, Assumed: r.Assumed, Change: r.Change}
	if r.File != "" {
		source.Name = nameOf(r.File)
		if r.File != standardInput {
			source.File = r.File
		}
	}
	return source
}

// judging writes results as they come, to all places of --output, and remembers the exit code
// that counts.
type judging struct {
	used    used
	streams streams
	style   report.Style // of standard output
	plain   report.Style // of files
	targets []target
	failOn  rules.Severity // the lowest severity that makes the exit code 1
	code    int

	sinks []sink
	files []*wholeFile
}

func newJudging(o *options, targets []target, u used, failOn rules.Severity) *judging {
	return &judging{used: u, streams: o.streams, style: o.style(), plain: report.Style{Width: o.width}, targets: targets, failOn: failOn, code: exitFine}
}

// each judges what the names stand for, in their order. A name that cannot be judged is an
// error on the stream for errors, and the others go on. The error that each returns has the
// exit code.
func (j *judging) each(ctx context.Context, names []string, judge func(ctx context.Context, name string) (judged, error)) error {
	if err := j.begin(); err != nil {
		return err
	}
	for _, name := range names {
		result, err := judge(ctx, name)
		if err := j.add(ctx, name, result, err); err != nil {
			return err
		}
	}
	return j.end()
}

// begin opens the places of --output for a command whose text is one paragraph a result.
func (j *judging) begin() error {
	return j.open(func(out io.Writer, style report.Style) sink { return &paragraphs{out: out, style: style} })
}

// add writes one result, or the error in place of it. What it returns ends the command.
func (j *judging) add(ctx context.Context, name string, result judged, err error) error {
	switch {
	case ctx.Err() != nil:
		return j.stop(ctx.Err())
	case err != nil:
		j.streams.note("kmsguard: %s", problemOf(name, err))
		j.code = worse(j.code, exitError)
		err = j.missed(gap{name: nameOf(name), err: plain(err)})
	default:
		j.code = worse(j.code, outcomeCode(result.Outcome, j.failOn))
		err = j.write(result)
	}
	if err != nil {
		return j.abandon(err)
	}
	return nil
}

// end must follow the last add. The error that it returns has the exit code.
func (j *judging) end() error {
	if err := j.finish(); err != nil {
		return err
	}
	return status(j.code)
}

// problemOf words an error about a file or key. The error of a malformed policy or template
// begins with its place.
func problemOf(name string, err error) string {
	var malformed *policy.Error
	var broken *template.Error
	if errors.As(err, &malformed) || errors.As(err, &broken) && broken.Line > 0 {
		return nameOf(name) + ":" + err.Error()
	}
	return nameOf(name) + ": " + plain(err).Error()
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
