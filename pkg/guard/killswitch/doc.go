// Package killswitch is the kill switch of the guardrail: a text that one person can change within
// seconds, without a deployment, so that the guardrail only reports.
//
// The text is a [State] as JSON. [Parse] reads it. A [Switch] reads it once a minute and says what
// the guardrail may do now. It can only lower: a configuration that reports is not made to repair.
//
// The rules, each on the safe side:
//
//   - A text that cannot be understood is report.
//   - A text that cannot be read counts as it was read last, for an hour. Then it is report, and so
//     is a text that was never read.
//   - A pause with an end is over at that moment, and needs nobody who ends it.
package killswitch
