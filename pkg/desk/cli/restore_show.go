package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// What the two policies are called.
const (
	archivedName = "the archived policy"
	liveName     = "the live policy"
)

// restoration is what restore did, or would do. Its JSON form is public.
type restoration struct {
	Configuration used              `json:"configuration"`
	Record        string            `json:"record"`
	KeyARN        string            `json:"keyArn"`
	Result        restorationResult `json:"result"`
	// Would is "" where there is nothing to restore.
	Would guardrailsReaction `json:"guardrailWould"`
	// Before and After are the hashes of the live policy and of the archived one.
	Before string `json:"before"`
	After  string `json:"after"`
	// Replaced is the live policy, and Archived the record that has it; "" where nothing was
	// archived.
	Replaced string `json:"replaced"`
	Archived string `json:"archived"`
	// Comparison has the live policy for its baseline; it and Outcome, of the archived
	// policy, are null where there is nothing to restore.
	Comparison *report.Result     `json:"comparison"`
	Outcome    *guardrail.Outcome `json:"outcome"`
}

// restorationResult is how restore ended.
type restorationResult string

// The results.
const (
	restored         restorationResult = "restored"
	alreadyThere     restorationResult = "already-there"
	notConfirmed     restorationResult = "not-confirmed"
	changedMeanwhile restorationResult = "changed-meanwhile"
)

// guardrailsReaction is what the guardrail would do about a restored policy.
type guardrailsReaction string

// The reactions.
const (
	acceptIt guardrailsReaction = "accept"
	reportIt guardrailsReaction = "report"
	undoIt   guardrailsReaction = "repair"
)

// judge asks what the configuration says of the archived policy, as the function will when
// the restore's own event arrives, and what would change.
func (r *restoring) judge(ctx context.Context) error {
	o, err := r.checker.file(ctx, r.subject, r.archived.Text())
	if err != nil {
		return err
	}
	comparison := compare(r.subject.key.PolicyKey(), r.live, r.archived)
	r.result.Outcome, r.result.Comparison, r.result.Would = &o, &comparison, reaction(o)
	return nil
}

func reaction(o guardrail.Outcome) guardrailsReaction {
	switch {
	case o.Action == guardrail.NoAction:
		return acceptIt
	case o.ActionReason == inspect.WouldRepair:
		return undoIt
	default:
		return reportIt
	}
}

// show writes what a restore would do, for people.
func (r *restoring) show() error {
	record := r.entry.Record
	if r.result.Before != record.After.Hash {
		r.options.streams.note("note: the live policy is not the one of this repair: somebody changed it since, and the record of this repair does not have it")
	}
	if record.ConfigurationHash != r.checker.configuration.Hash() {
		r.options.streams.note("note: the repair was made by another configuration than this one; --config names the deployed one")
	}
	if r.options.output != textOutput {
		return nil
	}
	var b strings.Builder
	style := r.options.style()
	repaired, err := newArchivedRepair(r.entry)
	if err != nil {
		return err
	}
	line := func(label, text string) {
		b.WriteString(style.Wrap(fmt.Sprintf("%-8s  %s", label, report.Printable(text)), strings.Repeat(" ", 10)) + "\n")
	}
	line("record", repaired.Record)
	line("key", repaired.KeyARN)
	line("repair", fmt.Sprintf("%s, %s: %s %s", clock(repaired.Time), repaired.became(), repaired.Severity, strings.Join(codesOf(repaired.Findings), ", ")))
	line("actor", actorOf(repaired.Actor))
	b.WriteString("\nWhat would change:\n")
	err = report.Comparison(&b, style, report.Policy{Name: liveName, Document: r.live}, report.Policy{Name: archivedName, Document: r.archived}, *r.result.Comparison)
	if err != nil {
		return err
	}
	b.WriteString("\nWhat the configuration says of the archived policy:\n")
	if err := report.Outcome(&b, style, report.Source{Policy: r.archived.Text()}, *r.result.Outcome); err != nil {
		return err
	}
	b.WriteString("\n" + style.Wrap(report.Printable(r.warning()), "") + "\n")
	if r.result.Would == undoIt { // on one line, to be copied
		b.WriteString("  kmsguard pause --for 4h --why \"...\"\n")
	}
	b.WriteString("\n")
	_, err = io.WriteString(r.options.streams.out, b.String())
	return err
}

// warning says what the guardrail would do about the restored policy, and what to do about that.
func (r *restoring) warning() string {
	switch o := r.result.Outcome; r.result.Would {
	case undoIt:
		return "The guardrail would undo this: the restore's own event makes it repair the key again (within ten minutes). To keep the policy, first " +
			"exempt the key in guardrail.yaml or give it a rule with mode: report, or pause all repairs:"
	case acceptIt:
		return fmt.Sprintf("The guardrail would let it be: it is %s.", o.Verdict)
	default:
		return fmt.Sprintf("The guardrail would report it, and not undo it (%s).", o.ActionReason)
	}
}

// confirmed tells whether the policy is to be written. Only a terminal is asked.
func (r *restoring) confirmed() (bool, error) {
	if r.request.yes || !isTerminal(r.options.streams.in) {
		return r.request.yes, nil
	}
	_, _ = fmt.Fprint(r.options.streams.err, "Put the archived policy on the key? [y/N] ")
	return yes(r.options.streams.in)
}

// yes reads an answer. The end of the input is a no.
func yes(in io.Reader) (bool, error) {
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// end writes how it ended, and returns the exit code.
func (r *restoring) end(how restorationResult, code int) error {
	r.result.Result = how
	out := r.options.streams.out
	if r.options.output != textOutput {
		if err := r.options.output.writeJSON(out, r.result); err != nil {
			return err
		}
		return status(code)
	}
	words := map[restorationResult]string{
		restored:         "Restored: the key has the archived policy.",
		alreadyThere:     "Nothing to restore: the key has the archived policy already.",
		notConfirmed:     "Not restored: nothing was written. With --yes it is.",
		changedMeanwhile: "Not restored: the key's policy was changed meanwhile, and nothing was written. Look at it again with the same command.",
	}
	if _, err := fmt.Fprintln(out, words[how]); err != nil {
		return err
	}
	return status(code)
}
