package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// archivedRepair is one repair in the archive. Its JSON form is public.
type archivedRepair struct {
	Record string `json:"record"`
	// Kind is repair, or restore.
	Kind ledger.Kind `json:"kind"`
	// Time is that of the repair; EventTime that of the event, EventID, that it answers.
	Time      time.Time `json:"time"`
	KeyARN    string    `json:"keyArn"`
	EventID   string    `json:"eventId"`
	EventTime time.Time `json:"eventTime"`
	// Actor made the call that the event tells of; null where nobody did.
	Actor             *guardrail.Actor    `json:"actor"`
	GuardrailVersion  string              `json:"guardrailVersion"`
	ConfigurationHash string              `json:"configurationHash"`
	Severity          rules.Severity      `json:"severity"`
	Findings          []guardrail.Finding `json:"findings"`
	// Before and After are the hashes of PolicyBefore and PolicyAfter.
	Before string   `json:"before"`
	After  string   `json:"after"`
	Edits  []string `json:"edits"`
	// Written and Abandoned are null where that did not happen.
	Written      *writtenRepair     `json:"written"`
	Abandoned    *abandonedRepair   `json:"abandoned"`
	Reported     bool               `json:"reported"`
	Superseded   []supersededPolicy `json:"superseded"`
	PolicyBefore string             `json:"policyBefore"`
	PolicyAfter  string             `json:"policyAfter"`

	isUnnamed bool
}

// writtenRepair says that the repair's policy was on the key.
type writtenRepair struct {
	Time time.Time `json:"time"`
	Hash string    `json:"hash"`
}

// abandonedRepair says why nothing was written.
type abandonedRepair struct {
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
}

// supersededPolicy is the policy of another writer that the repair replaced unseen.
type supersededPolicy struct {
	Time      time.Time        `json:"time"`
	EventID   string           `json:"eventId"`
	EventTime time.Time        `json:"eventTime"`
	Actor     *guardrail.Actor `json:"actor"`
	Hash      string           `json:"hash"`
	Policy    string           `json:"policy"`
}

// newArchivedRepair puts an entry of the archive into its public form.
func newArchivedRepair(e ledger.Entry) (archivedRepair, error) {
	r := e.Record
	a := archivedRepair{
		Record: string(r.Name), Kind: r.Kind, Time: r.Time, KeyARN: r.KeyARN, EventID: r.EventID, EventTime: r.EventTime,
		Actor: r.Actor, GuardrailVersion: r.GuardrailVersion, ConfigurationHash: r.ConfigurationHash,
		Severity: r.Severity, Findings: append([]guardrail.Finding{}, r.Findings...),
		Before: r.Before.Hash, After: r.After.Hash, PolicyBefore: r.Before.Text, PolicyAfter: r.After.Text,
		Edits: []string{}, Superseded: []supersededPolicy{}, isUnnamed: e.Repair == nil,
	}
	if line := e.Repair; line != nil {
		a.Reported = line.Reported
		switch line.Phase {
		case ledger.Written:
			a.Written = &writtenRepair{line.Closed, line.After}
		case ledger.Ended:
			a.Abandoned = &abandonedRepair{line.Closed, line.Reason}
		case ledger.Claimed: // under way: neither written nor given up
		}
	}
	for _, s := range e.Superseded {
		a.Superseded = append(a.Superseded, supersededPolicy{s.Time, s.EventID, s.EventTime, s.Actor, s.Policy.Hash, s.Policy.Text})
	}
	var edits []repair.Edit
	if len(r.Edits) > 0 {
		if err := json.Unmarshal(r.Edits, &edits); err != nil {
			return a, fmt.Errorf("%s: the edits in the record: %w", r.Name, err)
		}
	}
	for _, edit := range edits {
		a.Edits = append(a.Edits, edit.String())
	}
	return a, nil
}

// became says in a few words what became of the repair.
func (a archivedRepair) became() string {
	word := "open"
	switch {
	case a.isUnnamed:
		return "unnamed"
	case a.Written != nil:
		word = "written"
	case a.Abandoned != nil:
		word = "abandoned (" + a.Abandoned.Reason + ")"
	}
	if !a.Reported {
		word += ", not reported"
	}
	if n := len(a.Superseded); n > 0 {
		word += fmt.Sprintf(", superseded %d", n)
	}
	return word
}

// history lists the newest repairs of the key with an id, at most limit. It returns the exit
// code where a record cannot be read.
func history(ctx context.Context, o *options, keys keyReader, records *archive.Archive, keyID string, limit int) error {
	arn, err := keys.Resolve(ctx, keyID)
	if err != nil {
		return fmt.Errorf("%s: describing the key: %w (the history of a key that is gone can be read by its ARN)", keyID, err)
	}
	entries, problem := records.Entries(ctx, arn, limit+1) // one more tells whether there are more
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l := historyList{streams: o.streams, style: o.style(), answers: &results{out: o.streams.out, output: o.output}}
	if len(entries) > limit {
		entries = entries[:limit]
		defer o.streams.note("note: only the newest %d are listed; --limit lists more", limit)
	}
	l.problem(problem)
	if err := l.write(arn, entries); err != nil {
		return err
	}
	return status(l.code)
}

// historyList prints the repairs of a key.
type historyList struct {
	streams streams
	style   report.Style
	answers *results
	code    int
}

// problem prints the errors about records that cannot be read, each on a line.
func (l *historyList) problem(err error) {
	if err == nil {
		return
	}
	l.code = exitError
	for line := range strings.SplitSeq(err.Error(), "\n") {
		l.streams.note("kmsguard: reading the archive: %s", line)
	}
}

func (l *historyList) write(arn string, entries []ledger.Entry) error {
	if len(entries) == 0 && l.answers.output == textOutput && l.code == exitFine {
		_, err := fmt.Fprintf(l.answers.out, "no repair of %s is in the archive\n", report.Printable(arn))
		return err
	}
	for _, entry := range entries {
		a, err := newArchivedRepair(entry)
		if err != nil {
			l.problem(err)
		}
		if l.answers.output == textOutput {
			err = l.row(a)
		} else {
			err = l.answers.add(a)
		}
		if err != nil {
			return err
		}
	}
	return l.answers.end()
}

// row writes one repair for people: a line of the table, and below it the long names.
func (l *historyList) row(a archivedRepair) error {
	const columns = "%-20s  %-24s  %-8s  "
	var b strings.Builder
	if l.answers.count++; l.answers.count == 1 {
		fmt.Fprintf(&b, columns+"%s\n", "TIME", "BECAME", "SEVERITY", "FINDINGS")
	}
	line := func(text string, indent int) {
		b.WriteString(l.style.Wrap(report.Printable(text), strings.Repeat(" ", indent)) + "\n")
	}
	start := fmt.Sprintf(columns, clock(a.Time), a.became(), a.Severity)
	line(start+either(strings.Join(codesOf(a.Findings), ", "), "none"), len(fmt.Sprintf(columns, "", "", "")))
	line("    actor   "+actorOf(a.Actor), 12)
	line("    record  "+a.Record, 12)
	_, err := l.answers.out.Write([]byte(b.String()))
	return err
}

// clock writes a time as people read it.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// codesOf returns the codes of findings in their order, each once.
func codesOf(findings []guardrail.Finding) []string {
	var codes []string
	seen := map[guardrail.Code]bool{}
	for _, f := range findings {
		if !seen[f.Code] {
			codes = append(codes, string(f.Code))
		}
		seen[f.Code] = true
	}
	return codes
}

// actorOf names who made a call.
func actorOf(a *guardrail.Actor) string {
	if a == nil || a.ARN == "" {
		return "unknown"
	}
	return a.ARN
}
