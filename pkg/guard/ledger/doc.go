// Package ledger is what the guardrail remembers of a key, and the rules by which a
// delivery of a message acts on that. It is pure: values in, values out, no call, no clock.
//
// A delivery goes round one loop: it has a [Situation], asks [Next] for the [Step], does
// that one step, and asks again. A repair goes
//
//	Read, Recall, Plan, Claim, Read, Write, Mark, Report
//
// Claim, Mark and Report change the [Ledger] by compare-and-swap. Where two deliveries decided
// by the same version, one of them loses. It recalls the ledger and asks again.
//
// # One ledger, one rule
//
// A key has one ledger. It names the repairs that are under way or done, the findings that
// are open, and the event that is to be handled later. A repair is in one of three phases:
//
//   - Claimed: a holder may write. At most one repair of a key is claimed. The claim has a
//     deadline, by which its holder must have ended.
//   - Written: its policy was read from the key after the write.
//   - Ended: it was given up. The reason says why; after Unconfirmed it may have been written.
//
// The [Record] of a repair has the texts. It is archived before a ledger names it and never
// changes. A record that no ledger names does no harm.
//
// # After a crash
//
// A holder that is not alive any more leaves a claim. As soon as its deadline has passed, the
// message's next delivery or the flush reads the key. A third policy ends the claim: it has
// an event of its own and is never written over. Otherwise the same policy is written again,
// also when the key seems to have it already: that read can be older than the drift. A second
// identical write does no harm.
package ledger
