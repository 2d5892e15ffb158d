// Package sweeper looks at all keys of an account and Region, also at those of which no
// event tells: keys that are older than the guardrail, and events that were lost.
//
// [Sweeper.Sweep] lists the keys and puts each on the queue of events, as a message that
// package trail describes. What becomes of a key is decided where events are handled, and
// nowhere else; whether it may be repaired because of a sweep is repair.sweep of
// guardrail.yaml.
//
// # After a change of the configuration
//
// A mistake in guardrail.yaml must not rewrite every key of an account overnight. So the
// first sweep under a configuration queues nothing: it judges each key itself, reads only,
// and says in its [Summary] how many keys a sweep would repair. A change back is a change.
// The next sweep goes on as usual, if the first one was complete; otherwise it is a first
// one again.
//
//   - The archive keeps the hash of the configuration of the last complete sweep
//     ([Memory]). If the hash cannot be read, the sweep fails and does nothing.
//   - Each message names the configuration under which it was sent, and the enforcer
//     repairs for a sweep under no other. So neither messages that a change finds in the
//     queue, nor a sweep that is deployed a moment later than the function that repairs,
//     repair anything under a configuration that was never swept.
//   - Without an archive nothing can be repaired, and there is nothing to remember: every
//     sweep queues.
//
// # Faults
//
// A key that cannot be judged or queued does not keep the others back; it is tried three
// times. A sweep whose time ends says how far it came and is not complete. Keys that are
// gone by the time they are looked at count as handled.
//
// # Limits
//
// A new version of the guardrail is no change of the configuration. The summary counts
// wanted repairs. It does not say whether one could be planned, or would be held: a repair is
// planned when it is made. The sweep reads keys with the permissions of its own function. If
// a key policy lets in only the role of the other function, the first sweep cannot judge the
// key, and the summary counts it as such. A sweep looks at one account and Region.
package sweeper
