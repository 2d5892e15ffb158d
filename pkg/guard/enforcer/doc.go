// Package enforcer takes one event and puts one key right, so that whatever fails in between,
// nothing is written that was not archived, and nothing that was written goes unreported.
//
// [Enforcer.Handle] handles one delivery of a message, [Enforcer.Flush] what earlier deliveries
// left, and [Enforcer.Restore] puts a policy back for a person.
//
// An event is a hint. Only a policy that was read from the key leads to a write. The text that
// an event carries is judged for the report when the key cannot be read, and compared with what
// was read, which may be old. We do not authenticate events: anyone who can write to the queue
// can forge one. It can make us read a key and archive a text, and nothing else.
//
// # The way of a message
//
// A delivery goes round one loop (delivery.go): it asks package ledger for the next step, does
// that step, and asks again. A repair takes these steps:
//
//  1. Read: gather the key with DescribeKey, GetKeyPolicy, and aliases or tags where the
//     configuration asks for them, and judge it (gather.go). A young key that is not found is
//     given back.
//  2. Recall: read the key's ledger. A compliant key that was just made needs none.
//  3. Plan: package repair, with its proof. A hold is reported (claim.go).
//  4. Claim: count the repair in its hour, archive the record, point to it, and claim the key
//     in its ledger (claim.go, door.go).
//  5. Read again. If the policy is another one, it is judged anew, three times at most.
//  6. Write: one PutKeyPolicy, and three reads in five seconds that look for it (door.go). If
//     KMS refuses a principal that it does not know, a critical finding is repaired by a plan
//     that only takes away (write.go).
//  7. Mark the claim written, report, mark it reported, delete the pointer (write.go).
//
// Then the message is acknowledged. An error of Handle gives the message back; everything else
// is an outcome, which was reported. A call that may succeed later gives the message back, also if
// archive or reporter refuse the guardrail: somebody can mend that. If the archive does not
// answer, the first delivery still reports a critical finding, as one for which nothing was written
// yet. A call that will never succeed becomes a finding. In report mode no path has a write call.
//
// # Crashes
//
// A process may end at any step. If it ends before the claim, it leaves a record that no ledger
// names, a pointer to nothing, and one more in the hour's counter. None of them does harm. If it
// ends after the claim, the next delivery of its message or the flush finishes the repair, as
// soon as the claim's deadline has passed:
//
//   - a claim: they read the key. A third policy ends the claim, and is reported as such; it has
//     an event of its own. Otherwise they write the same policy again, also when the key seems
//     to have it already.
//   - a repair that is written or ended: they report it.
//
// The deadline is the end of the delivery's context and five seconds. The flush comes every
// minute, so that a bad policy is open for three minutes at most after a crash.
//
// # Others
//
// Two deliveries: the ledger is replaced by compare-and-swap, so one of them claims. The other
// one's message is given back until the claim is closed.
//
// The guardrail's own event finds a key that is as it should be, and ends.
//
// Another writer's policy that a write replaced unseen, put between the last read and the
// write, comes as an event. Its text is archived beside the repair. So is the text of a young
// event that a write may be about to replace.
//
// A tug-of-war about what is not critical ends at the budget of the key, in a finding that names
// the other actor. A critical finding is answered at once each time. Two writes are five seconds
// apart; after 2,000 in a day, one goes on each 15 minutes. People are told of the first three, and
// then at growing intervals, with the number of repairs and the name of who undoes them.
//
// The breaker holds what exceeds the hourly limits. It counts critical findings apart, and only in
// the first 24 hours of a version or a configuration, when the guardrail itself may be wrong. The
// repair of a critical finding is tried again when the hour is over. Any other repair is not tried
// again by itself. See docs/decisions/0013-ledger.md and docs/decisions/0033-trouble-and-put-backs.md.
//
// # Limits
//
//   - KMS settles in ten minutes; AWS says "several". A read that is older than that is
//     believed.
//   - What is archived as superseded may have been replaced by somebody else, up to the
//     settling time before the claim.
//   - A process that stops for minutes between its last read and its write may write the policy
//     of its claim although another delivery has closed that claim.
//   - A crash or a lost race between counter and claim counts one repair too many in the hour.
//   - One flush looks at fifty entries with something to do; those that fail for good are at
//     another place of the list each minute.
//   - A critical repair that only takes away, because KMS refuses to add a principal, leaves
//     the key without the required access until the configuration names only principals
//     that KMS knows.
//   - The ledger keeps 500 repairs, and of critical findings 20 and what is younger than the
//     settling time. Of an older one, history knows the record only.
//   - People may not be told of the last repairs of a series. The log and the history have them.
//
// The package owns the interfaces it needs, [Keys], [Archive] and [Reporter].
package enforcer
