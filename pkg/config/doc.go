// Package config reads guardrail.yaml into the types of package guardrail.
//
//	c, err := config.Load("guardrail.yaml")
//	var problems *config.Errors
//	if errors.As(err, &problems) {
//		// each of problems.Problems has a line, a column and what to write instead
//	}
//
// [Read] is strict, because what the file says is what is enforced, and what it
// exempts: a key that is not known, one that stands there twice, a value that YAML
// readers disagree about, are errors. All of them are reported, each a [Problem]
// with line, column and what to write instead; a configuration is returned only
// where there is none.
//
// It reads in three steps, and a step runs only where the one before found nothing:
//
//  1. The text is YAML, and of YAML only what a person can read without knowing
//     its corners: no anchors, aliases, merge keys, tags or second documents, and no
//     characters that hide what the file says (document.go).
//  2. Its keys and values are those of the tables in keys.go. These tables are the
//     one description of the file: the reader, the JSON schema for editors
//     ([Schema]) and the reference of docs/configuration.md come from them.
//  3. It does not contradict itself: [guardrail.Configuration.Check].
//
// A plain scalar is taken by its text, never by the type that YAML gives it: an
// account id keeps its leading zeros, a tag value on stays "on". Only true and false
// are truth values.
package config
