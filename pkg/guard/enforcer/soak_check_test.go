package enforcer_test

import (
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// end lets the faults and the other writers end, redrives the dead letters, and waits until
// nothing is left to do.
func (s *soak) end() {
	s.cloud.ClearFaults()
	s.calm = true
	for range 12 * 60 {
		for _, m := range s.dead {
			m.receives, m.due = 1, s.clock.now()
		}
		s.queue, s.dead = append(s.queue, s.dead...), nil
		batches := s.batches()
		s.invoke(append(batches[0], batches[1]...))
		s.clock.advance(time.Minute)
		idle := len(s.queue) == 0 && len(s.bucket.names(s.t, "pending/")) == 0
		if s.flush(); idle {
			return
		}
	}
	s.t.Errorf("after twelve hours there is no rest: %d messages, %q", len(s.queue), s.bucket.names(s.t, "pending/"))
}

// count counts the puts of the guardrail, or of others.
func (s *soak) count(own bool) (n int) {
	for _, p := range s.puts {
		if (p.event != "") == own {
			n++
		}
	}
	return n
}

// check checks what must hold at the end.
func (s *soak) check(arns []string) {
	for _, arn := range arns {
		entries := s.bucket.entries(s.t, arn)
		s.checkPuts(arn, entries)
		verdict := guardrail.Judge(guardrail.Snapshot{
			Key: rules.Key{ARN: arn, Account: account, Region: virginia, Partition: "aws", Type: memoryKeyOf("x").Type}, Policy: s.policy(s.t, arn), Evidence: guardrail.LivePolicy,
		}, repair, s.clock.now()).Verdict
		if verdict != guardrail.Compliant && !s.told(arn) {
			s.t.Errorf("%s is %s, and no report after its last change says why", arn, verdict)
		}
		for _, e := range entries {
			told := slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool { return o.Archive == string(e.Record.Name) })
			if e.isWritten() && (!e.Reported || !told) {
				s.t.Errorf("%s is written; marked reported %t, told %t", e.Record.Name, e.Reported, told)
			}
		}
	}
}

// told tells whether a report says why a key was left as it was last put.
func (s *soak) told(arn string) bool {
	return slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool {
		return o.KeyARN == arn && !o.Time.Before(s.last[arn]) && o.Action != guardrail.Repaired && o.Action != guardrail.NoAction
	})
}

// checkPuts checks the puts of a key against its claims: of each of the guardrail's there
// is a claim, and an archived copy of what it replaced; of each event at most one.
func (s *soak) checkPuts(arn string, entries []entry) {
	kept, replaced, before := map[string]bool{}, map[string]string{}, soakPut{}
	wrote := map[string]string{} // by event: the policy that was written
	back := map[string]bool{}    // by event: the policy that it replaced is back
	for _, e := range entries {
		kept[e.Record.Before.Hash] = true
		for _, o := range e.Superseded {
			kept[o.Policy.Hash] = true
		}
	}
	for _, p := range s.puts {
		if p.arn != arn {
			continue
		}
		for event, text := range replaced {
			back[event] = back[event] || p.event == "" && p.text == text
		}
		if p.event != "" {
			if before.text != "" && hash(s.t, before.text) != hash(s.t, p.text) && !kept[hash(s.t, before.text)] {
				s.t.Errorf("%s: a write replaced what is nowhere archived: %s", arn, before.text)
			}
			// A second write for an event is the same one, by whoever took its claim over.
			if last, isSecond := wrote[p.event]; isSecond && last != p.text {
				s.t.Errorf("%s: two different writes for event %s", arn, p.event)
			}
			wrote[p.event] = p.text
			replaced[p.event], back[p.event] = before.text, false
		}
		before = p
	}
	// A write whose answer was lost is not told from one that never was, once somebody put
	// the policy back that it replaced (Limits in the package doc).
	accounted, undone := 0, 0
	for event := range replaced {
		if back[event] {
			undone++
		}
	}
	for _, e := range entries {
		unsure := e.isEnded() && e.Reason == ledger.Unconfirmed
		if e.isWritten() || unsure {
			accounted++
		} else if _, wrote := replaced[e.Record.EventID]; wrote && !back[e.Record.EventID] {
			s.t.Errorf("%s: %s was written by, and says %q", arn, e.Record.Name, e.Reason)
		}
	}
	if len(replaced) > accounted+undone {
		s.t.Errorf("%s: writes for %d events, %d of them undone, and %d claims that say so", arn, len(replaced), undone, accounted)
	}
}
