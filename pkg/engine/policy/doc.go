// Package policy reads and writes AWS KMS key-policy documents.
//
// [Parse] is strict: whatever AWS would refuse, or would read in a way that a
// person could misread, is an [*Error] with its line and column, never a guess.
// There is no lenient mode, because a guardrail that skips what it does not
// understand calls a broken policy compliant.
//
// A document exists in two forms, for two purposes:
//
//   - [Document] is lossless. [Document.Text] is the text that was read, byte
//     for byte, and every [Statement] knows where it stands in it. It is what is
//     shown, archived and edited.
//   - [Document.Canonical] is the same for every spelling of one policy that KMS
//     may hand back: lists sorted and without duplicates, one value and a list of
//     one alike, account ids as root ARNs, names that ignore case in lower case.
//     Its [Document.Hash] tells whether two readings of a key are the same policy.
//     It keeps Sid and Id, so it is an identity, not a comparison: what policies
//     allow is compared by package access.
//
// [New] makes a document from statements, in the text format that KMS itself
// uses for the default key policy. [Document.Revise] edits a document faithfully: what
// is not changed keeps its bytes.
//
// Everything in a policy is text written by someone else. The package does not
// recurse and reads at most [MaxBytes].
//
// Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package policy
