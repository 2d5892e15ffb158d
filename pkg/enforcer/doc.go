// Package enforcer takes one event and puts one key right.
//
// [Enforcer.Handle] does four things, each once and in this order: it gathers
// (the event, the key's metadata, the key's live policy), decides (package
// guardrail, pure), acts (at most one PutKeyPolicy), and reports (an outcome and
// one log line).
//
//   - An event is a hint. Only a policy read from the key leads to a write; the
//     text that an event carries is judged for the report when the key cannot be read.
//   - Nothing is written when nothing differs, so the guardrail's own PutKeyPolicy
//     event ends in two reads and no loop.
//   - In report mode there is no write call on any path.
//   - A transient error is returned, so that the caller gives the event back to
//     its queue; handling it again is safe. Everything else becomes an outcome.
//
// The package owns the interface it needs, [Keys], and the classes of errors that
// an adapter answers with.
package enforcer
