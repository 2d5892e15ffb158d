// Package lint finds what the author of a key policy surely did not mean: a statement that
// no request can match, a principal that nobody is, an action that does not exist, a
// condition that always or never holds.
//
// A finding is about one policy alone. It says nothing about what the policy allows compared
// to another, which is package access's task, and it changes no verdict: a dead statement is
// no access, so it never makes two policies differ. What KMS refuses to store is not a
// finding either where package policy refuses it too.
//
// [Check] knows more than the comparison does. To the comparison every condition key may
// have any value or none in every request; Check uses what AWS documents in package catalog:
// which requests carry a key, whose, and of which type. So a finding may be wrong where the
// catalog is behind AWS, and its text says of when the catalog is.
//
// A finding that is wrong costs more than one that is missing: people switch off a tool that
// cries wolf. Wherever AWS does not say, or a policy variable is in play, Check is silent or
// tells it as [Info]. [Low] is for what KMS refuses, and for what gives or denies nothing
// although its author surely meant it to. [Code] lists the kinds of findings, each with the
// AWS page that it rests on; IAM Access Analyzer's policy validation is the list to learn
// from. Not found, among others: numbers, dates and address ranges that exclude each other,
// and a statement that two others together make superfluous.
package lint
