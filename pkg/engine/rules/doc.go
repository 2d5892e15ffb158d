// Package rules says what guardrail.yaml wants of a key: which rule and baseline apply to
// it, what its policy must allow, and what its policy may allow.
//
// Package config reads a [Configuration] from the file. Call [Configuration.Check] once;
// it returns what in the configuration contradicts itself. For each key, call
// [Configuration.Select] with what is known of the key: it returns the rule, the
// [Baseline], the mode and the exemption. Then [Baseline.Limits] gives the floor and the
// ceiling for the key. Package guardrail compares a policy with them and says how bad a
// difference is.
package rules
