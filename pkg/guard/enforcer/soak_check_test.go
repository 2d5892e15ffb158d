package enforcer_test

import (
	"slices"
	"strings"
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
		s.checkReports(arn, entries)
	}
}

// checkReports checks that people were told of each repair that was written, or, of a critical
// finding and after three others, that the log has it.
func (s *soak) checkReports(arn string, entries []entry) {
	all := len(s.reporter.of(arn, guardrail.Repaired))
	for _, e := range entries {
		name := string(e.Record.Name)
		told := slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool { return o.Archive == name })
		isOneOfMany := e.Severity == rules.Critical && all >= 3 && strings.Contains(s.log.String(), `"archive":"`+name+`"`)
		if e.isWritten() && (!e.Reported || !told && !isOneOfMany) {
			s.t.Errorf("%s is written; marked reported %t, told %t, one of many %t", name, e.Reported, told, isOneOfMany)
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
// is a claim, and an archived copy of what it replaced; of each event at most one policy, unless
// somebody put another one since.
func (s *soak) checkPuts(arn string, entries []entry) {
	kept, replaced, before := map[string]bool{}, map[string]string{}, soakPut{}
	wrote := map[string]string{}                                          // by event: the policy that was written
	back := map[string]bool{}                                             // by event: the policy that it replaced is back
	touched := map[string]bool{}                                          // by event: somebody put a policy since
	archived, err := s.bucket.archive().Entries(s.t.Context(), arn, 1000) // also those that the ledger has forgotten
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range archived {
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
			touched[event] = touched[event] || p.event == ""
		}
		if p.event != "" {
			if before.text != "" && hash(s.t, before.text) != hash(s.t, p.text) && !kept[hash(s.t, before.text)] {
				s.t.Errorf("%s: a write replaced what is nowhere archived: %s", arn, before.text)
			}
			// A second write for an event is the same one, by whoever took its claim over.
			if last, isSecond := wrote[p.event]; isSecond && last != p.text && !touched[p.event] {
				s.t.Errorf("%s: two different writes for event %s", arn, p.event)
			}
			wrote[p.event] = p.text
			replaced[p.event], back[p.event], touched[p.event] = before.text, false, false
		}
		before = p
	}
	s.checkClaims(arn, entries, replaced, back)
}

// checkClaims checks that each event that led to a write has a claim that says so.
func (s *soak) checkClaims(arn string, entries []entry, replaced map[string]string, back map[string]bool) {
	accounted, critical := map[string]bool{}, 0
	for _, e := range entries {
		if e.Severity == rules.Critical {
			critical++
		}
		if e.isWritten() || e.isEnded() && e.Reason == ledger.Unconfirmed {
			accounted[e.Record.EventID] = true
		}
	}
	forgotten := s.bucket.ledger(s.t, arn).Critical.Repairs > critical // a long series
	for event := range replaced {
		// A write whose answer was lost is not told from one that never was, once somebody put
		// the policy back that it replaced (Limits in the package doc).
		if !accounted[event] && !back[event] && !forgotten {
			s.t.Errorf("%s: a write for event %s, and no claim says so", arn, event)
		}
	}
}
