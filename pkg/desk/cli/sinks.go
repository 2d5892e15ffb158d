package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// sink takes the results of a run one after the other, and writes them in one format. After
// an error of its writer it need not go on.
type sink interface {
	add(judged) error
	// hidden counts a result that is not to be shown.
	hidden(judged) error
	missed(gap) error
	// end follows the last result, also where the run was ended early.
	end() error
}

// gap is a file or key of which there is no result.
type gap struct {
	name   string
	reason string // in a few words that many gaps share
	err    error  // nil for a key that is gone by now, which is no problem
}

// open makes the sinks. What text is differs from command to command.
func (j *judging) open(text func(io.Writer, report.Style) sink) error {
	for _, t := range j.targets {
		out, style := j.streams.out, j.style
		if t.file != "" {
			file, err := createWhole(t.file)
			if err != nil {
				return j.abandon(err)
			}
			j.files = append(j.files, file)
			out, style = file, j.plain
		}
		j.sinks = append(j.sinks, j.newSink(t.format, out, style, text))
	}
	return nil
}

// newSink returns what writes a format.
func (j *judging) newSink(format output, out io.Writer, style report.Style, text func(io.Writer, report.Style) sink) sink {
	run := report.Run{
		Version: app.Version, Configuration: j.used.File, ConfigurationHash: j.used.Hash, FailOn: j.failOn,
	}
	switch format {
	case textOutput:
		return text(out, style)
	case sarifOutput:
		return reported{report.NewSARIF(out, run)}
	case junitOutput:
		return reported{report.NewJUnit(out, run)}
	case csvOutput:
		return reported{report.NewCSV(out)}
	case tableOutput:
		return reported{report.NewTable(out, style)}
	case githubOutput:
		return reported{report.NewGitHub(out)}
	default:
		return objects{&results{out: out, output: format}}
	}
}

// write writes a result in every format.
func (j *judging) write(r judged) error {
	r.Configuration = j.used
	return j.all(func(s sink) error { return s.add(r) })
}

// missed says in every format that there is no result of something.
func (j *judging) missed(g gap) error {
	return j.all(func(s sink) error { return s.missed(g) })
}

func (j *judging) all(do func(sink) error) error {
	for _, s := range j.sinks {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// finish ends a run in which everything was looked at: the files are kept.
func (j *judging) finish() error {
	if err := j.all(sink.end); err != nil {
		return j.abandon(err)
	}
	for i, file := range j.files {
		if err := file.keep(); err != nil {
			j.files = j.files[i+1:]
			return j.abandon(err)
		}
	}
	return nil
}

// stop ends a run before everything was looked at: standard output has what was found by
// then. A file would look as if it had everything, so there is none.
func (j *judging) stop(reason error) error {
	for _, file := range j.files {
		j.streams.note("%s was not written, because not everything was looked at", file.path)
	}
	if err := j.abandon(j.all(sink.end)); err != nil {
		return errors.Join(reason, err)
	}
	return reason
}

// abandon removes the files, and returns the reason.
func (j *judging) abandon(reason error) error {
	for _, file := range j.files {
		if err := file.discard(); err != nil {
			reason = errors.Join(reason, fmt.Errorf("removing the unfinished %s: %w", file.path, reasonOf(err)))
		}
	}
	return reason
}

// objects writes results as JSON. What was not read is in none of them.
type objects struct{ *results }

func (o objects) add(r judged) error { return o.results.add(r) }

func (objects) hidden(judged) error { return nil }

func (objects) missed(gap) error { return nil }

// writer is a format of package report.
type writer interface {
	Add(report.Judged) error
	Missed(report.Gap) error
	End() error
}

// reported writes results in a format of package report.
type reported struct{ writer }

func (r reported) add(j judged) error {
	return r.Add(report.Judged{Source: j.source(), Outcome: j.Outcome})
}

// hidden reaches the formats that have a line that counts.
func (r reported) hidden(j judged) error {
	if c, ok := r.writer.(interface{ Count(guardrail.Outcome) }); ok {
		c.Count(j.Outcome)
	}
	return nil
}

// missed leaves out what is gone: there is nothing to do about it.
func (r reported) missed(g gap) error {
	if g.err == nil {
		return nil
	}
	return r.Missed(report.Gap{Name: g.name, Why: g.err.Error()})
}

func (r reported) end() error { return r.End() }

// paragraphs writes each result as text for people, with a blank line between two.
type paragraphs struct {
	out   io.Writer
	style report.Style
	count int
}

func (p *paragraphs) add(r judged) error {
	if p.count++; p.count > 1 {
		if _, err := fmt.Fprintln(p.out); err != nil {
			return err
		}
	}
	return report.Outcome(p.out, p.style, r.source(), r.Outcome)
}

func (*paragraphs) hidden(judged) error { return nil }

func (*paragraphs) missed(gap) error { return nil } // standard error has it

func (*paragraphs) end() error { return nil }
