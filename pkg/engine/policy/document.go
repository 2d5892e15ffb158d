package policy

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

// Document is one key policy, as read by [Parse] or made by [New].
// It is not changed after that; whoever holds it may read it from any goroutine.
type Document struct {
	// Version is Version2008 or Version2012, or "" where the document has none.
	Version string
	// ID is the Id element, "" where absent. It has no effect on access.
	ID string
	// Statements are in the order of the document; there is at least one.
	Statements []Statement

	text string
}

// Text returns the document as it was written, byte for byte.
func (d *Document) Text() string { return d.text }

// Position returns where a byte offset of the text stands, both counted from 1;
// the column counts bytes.
func (d *Document) Position(offset int) (line, column int) { return position(d.text, offset) }

// HasVariables tells whether ${…} in values is a policy variable; under
// Version2008 it is literal text.
func (d *Document) HasVariables() bool { return d.Version == Version2012 }

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
