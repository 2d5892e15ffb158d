// Package enforcer takes one event and puts one key right, so that whatever fails in
// between, nothing is written that was not archived, and nothing that was written goes
// unreported.
//
// An event is a hint. Only a policy that was read from the key leads to a write; the text
// that an event carries is judged for the report when the key cannot be read, and held
// against what was read, which may be old. In report mode no path has a write call.
//
// # The way of a message
//
//  1. Gather: DescribeKey, GetKeyPolicy, and aliases or tags where the configuration asks
//     for them (gather.go). A key that is not found, and an event that is young, is given
//     back: it may be too new.
//  2. Judge: package guardrail, pure. Report mode, exemptions and severities are its matter.
//  3. Recall what the archive remembers of the key: open findings, and the guardrail's last
//     writes (memory.go). A compliant key that was just made has no past and costs nothing
//     more than the two reads.
//  4. Settle: is what was read perhaps old? Then the message is given back (stale.go):
//     a policy that equals the one before a write younger than ten minutes; and a policy
//     that is not the one which a young event tells of, where the two are judged
//     differently. A policy that is bad is not believed to be good, and one that was put
//     right is not written over.
//  5. Plan: package repair, with its proof; what holds the plan is reported (plan.go).
//  6. Claim: archive the policy, the plan and the report to be made, and take the key's
//     lock, one of its budget and one of the hourly limits (claim.go, budget.go).
//  7. Read again. If the policy is not the archived one, start over, three times.
//  8. Write: one PutKeyPolicy. One that KMS refuses for a principal that it does not know is
//     reported with the names that the plan adds; for a critical finding, a plan that only
//     takes away is written in its place, by the same claim (refused.go).
//  9. Confirm: three reads in five seconds (repair.go). Not seen: the message is given
//     back, and the claim keeps others out.
//  10. Remember the write, mark it written (which ends the lock), report, mark it reported
//     (finish.go). Then the message is acknowledged.
//
// An error of [Enforcer.Handle] gives the message back; everything else is an outcome,
// which was reported. Errors that go away give back; those that stay become findings.
//
// # Redelivery, crashes, and who finishes
//
// A message's second delivery (Message.Again) goes the same way, and then looks for claims
// of the key that are not reported. What a process that ended leaves, by where it ended:
//
//   - before the claim: nothing.
//   - between claim and write, or in the write: an open claim. It locks the key for fifteen
//     minutes. Until KMS has settled nobody can tell whether it was written (the written
//     policy often is what the key had before the drift), so redeliveries are given back.
//     After ten minutes, if the key has the written policy, a redelivery finishes at step
//     10. If the policy is still the archived one, it takes the claim over and goes on at
//     step 7; the claim is the message's, so it is one write. If the key has a third
//     policy, the claim is given up and reported as not confirmed: the third policy has an
//     event of its own.
//   - after the write, at any step: the same, or the guardrail's own PutKeyPolicy event:
//     that says that the write took effect, whatever the key has by then, and finishes it.
//   - after the mark: the next delivery of the message, or the flush, reports.
//   - after the report: somebody is told twice.
//
// The flush ([Enforcer.Flush], every five minutes) does for claims older than the lock
// time what a redelivery would do, because the message may be a dead letter: reports those
// that are written or given up, and goes the whole way for those that are open, by the
// current configuration. A claim is marked reported only when it is closed; the outbox is
// empty when everything has been told.
//
// # Others
//
// Two invocations: the claim is created by one of them; the other's message is given back.
// Two messages of one event are one message to the archive, which goes by the event's id.
//
// The guardrail's own event finds a key that is as it should be, and ends.
//
// Another writer's policy that the write replaced, put in the one call between the last
// read and the write, comes as an event: its text is archived beside the claim as
// superseded (stale.go), and beside each claim of which it is not known when it was written. So is an event's text that may be what is about to be replaced.
//
// A tug-of-war ends at the budget of the key, in a finding that names the other actor. A
// critical finding is repaired again after 15 minutes, 1 hour, and every 4 hours, each time
// with an alarm: the event is kept in the archive until it is due, and the flush handles it.
//
// The breaker holds what exceeds the hourly limits. A critical finding comes back when the
// hour is over, and is held again if that hour is full, too; what is less does not come back
// by itself. See docs/decisions/0011-breaker-and-critical-findings.md.
//
// # Limits
//
//   - KMS settles in ten minutes; AWS says "several". A read that is older than that is
//     believed.
//   - What is archived as superseded may have been replaced by somebody else, up to the
//     settling time before the claim.
//   - A write without a clear answer (a time-out, a 5xx) is not tried again by the SDK;
//     the message is given back, and waits until KMS has settled.
//   - The breaker bounds critical repairs, too: who makes more keys drift than an hour allows,
//     hour after hour, keeps some of them open. Each is told of each time.
//   - A critical repair that only takes away, because KMS refuses to add a principal, leaves
//     the key without the required access until the configuration names whom KMS knows.
//   - One flush looks at fifty claims and fifty postponed events; fifty that fail for good keep
//     it from the next. It knows of no claim that died before it was in the outbox: the message
//     does that, or the dead-letter queue.
//   - A second write for one message: if a write took effect and its answer was lost, and
//     somebody put exactly the archived policy back, and the guardrail's own event comes
//     later than ten minutes, the redelivery repairs the key again. What was undone is
//     then reported as not written: the key is as if it had not been.
//   - Two policies put within seconds of each other: the first one's event comes back twice
//     before it is acknowledged.
//   - A transient error between claim and write delays the repair by two redeliveries.
//   - The state keeps eight writes. The event of a policy that a ninth last write replaced
//     comes too late to be archived.
//   - What an event says of its sender is believed by nothing; whoever can write to the
//     queue can pretend the guardrail's own event, and by that close a claim that is open.
//
// The package owns the interfaces it needs, [Keys], [Archive] and [Reporter], and the
// classes of errors that their adapters answer with.
package enforcer
