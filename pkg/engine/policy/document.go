package policy

import "slices"

// MaxBytes is the largest key policy that KMS stores: 32 kilobytes.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const MaxBytes = 32768

// The two policy language versions. A document without Version is read as
// Version2008, in which policy variables are literal text.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Set is what a key policy says: its language version and its statements. Packages that
// compare, evaluate and judge take a Set. A Set has no text, so it can also be a part of
// a policy, or statements that no document has together.
type Set struct {
	// Version is Version2008 or Version2012, or "" where the policy has none.
	Version string
	// Statements are in the order of the policy. A Set without statements allows nothing.
	Statements []Statement
}

// Document is one key policy as text: a [Set], and where each statement stands.
// [Parse] reads one and [New] makes one; packages that edit a policy or name a place in
// it take a Document. It is not changed after that; whoever holds it may read it from
// any goroutine.
type Document struct {
	Set
	// ID is the Id element, "" where absent. It has no effect on access.
	ID string

	text string
}

// Text returns the document as it was written, byte for byte.
func (d *Document) Text() string { return d.text }

// Position returns where a byte offset of the text stands, both counted from 1;
// the column counts bytes.
func (d *Document) Position(offset int) (line, column int) { return position(d.text, offset) }

// HasVariables tells whether ${…} in values is a policy variable; under
// Version2008 it is literal text.
func (s Set) HasVariables() bool { return s.Version == Version2012 }

// Equal tells whether two sets have the same version and, in the same order, the same
// statements, spelled alike. Places in a text do not count.
func (s Set) Equal(other Set) bool {
	if s.Version != other.Version || len(s.Statements) != len(other.Statements) {
		return false
	}
	if len(s.Statements) > 0 && &s.Statements[0] == &other.Statements[0] {
		return true
	}
	for i := range s.Statements {
		if !s.Statements[i].equal(&other.Statements[i]) {
			return false
		}
	}
	return true
}

func (s *Statement) equal(other *Statement) bool {
	return s.SID == other.SID && s.Effect == other.Effect &&
		s.Principals.Negated == other.Principals.Negated && slices.Equal(s.Principals.Entries, other.Principals.Entries) &&
		s.Actions.equal(other.Actions) && s.Resources.equal(other.Resources) &&
		slices.EqualFunc(s.Conditions, other.Conditions, Condition.equal)
}

func (l List) equal(other List) bool {
	return l.Present == other.Present && l.Negated == other.Negated && slices.Equal(l.Values, other.Values)
}

func (c Condition) equal(other Condition) bool {
	return c.Operator == other.Operator && c.Key == other.Key && slices.Equal(c.Values, other.Values)
}

// Effect says whether a statement allows or denies.
type Effect uint8

// The effects; the zero value is neither, so that a forgotten one is noticed.
const (
	Allow Effect = iota + 1
	Deny
)

// String returns the effect as a policy spells it.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	default:
		return "no effect"
	}
}

// Statement is one statement of a policy.
type Statement struct {
	SID        string
	Effect     Effect
	Principals Principals
	Actions    List
	Resources  List
	// Conditions must all hold. They are in the order of the document; an
	// operator with several keys gives several conditions.
	Conditions []Condition

	// Offset and End bound the statement's object in Text, braces included.
	// Both are 0 in a statement that was not parsed.
	Offset, End int
}

// Incomplete tells whether the statement has no Action, no Resource or no principal. KMS
// refuses a policy with such a statement.
func (s *Statement) Incomplete() bool {
	return len(s.Actions.Values) == 0 || len(s.Resources.Values) == 0 || len(s.Principals.Entries) == 0
}

// List is an Action or Resource element, or its negation.
type List struct {
	// Present is false where the statement has neither form of the element.
	Present bool
	// Negated is true for NotAction and NotResource.
	Negated bool
	// Values are as written. An element may be present with an empty list.
	Values []string
}

// Values returns a list as a statement's Action or Resource element has it.
func Values(values ...string) List { return List{Present: true, Values: values} }

// Principals is a statement's Principal element, or its negation.
type Principals struct {
	// Negated is true for NotPrincipal.
	Negated bool
	// Entries are in the order of the document. The bare string "*" is one
	// entry of kind Anyone.
	Entries []Principal
}

// Condition is one key under one operator with the values it is compared to.
type Condition struct {
	Operator Operator
	// Key is as written; condition key names ignore case.
	Key string
	// Values are as written, with JSON true and 3 as "true" and "3".
	// The list may be empty.
	Values []string
}
