package demo

import (
	"cmp"
	"context"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// checkPromises compares what was said and done with what each story promises, and counts
// the writes.
func checkPromises(ctx context.Context, w *world, stories []story) error {
	repairs := 0
	for i := range stories {
		s := &stories[i]
		err := s.checkAnswer()
		if err == nil && s.action == guardrail.Repaired {
			repairs++
			err = s.checkRepair(ctx, w.place(s))
		}
		if err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, s.keyType, err)
		}
	}
	if writes := w.calls("PutKeyPolicy"); writes != repairs {
		return fmt.Errorf("the guardrail wrote %d policies for %d repairs", writes, repairs)
	}
	return nil
}

func (s *story) checkAnswer() error {
	o := s.answer()
	switch {
	case o.Action != s.action:
		return fmt.Errorf("the guardrail answered %q in place of %q", o.Action, s.action)
	case o.Verdict != s.verdict:
		return fmt.Errorf("the guardrail called it %q in place of %q", o.Verdict, s.verdict)
	case o.Severity != cmp.Or(s.severity, rules.NoSeverity):
		return fmt.Errorf("the guardrail called it %q in place of %q", o.Severity, s.severity)
	default:
		return nil
	}
}

// checkRepair: the key's policy is judged clean, has what it should have had in the same
// words and nothing else but what was missing, and the repair is archived to its end.
func (s *story) checkRepair(ctx context.Context, p *place) error {
	if last := s.outcomes[len(s.outcomes)-1]; last.Verdict != guardrail.Compliant {
		return fmt.Errorf("the guardrail calls its own repair %q", last.Verdict)
	}
	good, missing := s.generated(p), 0
	if s.plain {
		good, missing = s.before, 1 // the administrator's statement
	}
	if n := len(statementsOf(s.after)); n != len(statementsOf(good))+missing {
		return fmt.Errorf("the repaired key policy has %d statements", n)
	}
	theirs := map[string]bool{}
	for _, st := range statementsOf(s.after) {
		theirs[s.after[st.Offset:st.End]] = true
	}
	for i, st := range statementsOf(good) {
		if !theirs[good[st.Offset:st.End]] {
			return fmt.Errorf("the repair changed statement %d, which was as it should be", i+1)
		}
	}
	return s.checkArchive(ctx, p)
}

func (s *story) checkArchive(ctx context.Context, p *place) error {
	entries, err := p.archive.Entries(ctx, s.arn, 2)
	switch {
	case err != nil:
		return fmt.Errorf("reading the archive: %w", err)
	case len(entries) != 1:
		return fmt.Errorf("the archive has %d records of the repair", len(entries))
	case entries[0].Repair == nil || entries[0].Repair.Phase != ledger.Written || !entries[0].Repair.Reported:
		return fmt.Errorf("record %s is not marked written and reported", entries[0].Record.Name)
	case !samePolicy(p.partition, entries[0].Record.Before.Text, s.before) || !samePolicy(p.partition, entries[0].Record.After.Text, s.after):
		return fmt.Errorf("record %s has other policies than the key had", entries[0].Record.Name)
	case s.answer().Archive != string(entries[0].Record.Name):
		return fmt.Errorf("the outcome names record %q, not %s", s.answer().Archive, entries[0].Record.Name)
	default:
		return nil
	}
}

// samePolicy compares two policies by their canonical form.
func samePolicy(partition, a, b string) bool {
	first, err := policy.Parse(a)
	if err != nil {
		return false
	}
	second, err := policy.Parse(b)
	return err == nil && first.Hash(partition) == second.Hash(partition)
}
