package policy

import "strings"

// SetOperator is the qualifier of a condition operator for multivalued keys.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
type SetOperator uint8

// The set operators.
const (
	// NoSet: the operator stands alone.
	NoSet SetOperator = iota
	// ForAllValues: true for every value of the request, and for none.
	ForAllValues
	// ForAnyValue: true for at least one value of the request.
	ForAnyValue
)

// Family is what a condition operator compares.
type Family uint8

// The families of condition operators.
const (
	StringFamily Family = iota + 1
	NumericFamily
	DateFamily
	BoolFamily
	BinaryFamily
	IPFamily
	ArnFamily
	NullFamily
)

// Comparison is how a condition operator compares, apart from its negation.
type Comparison uint8

// The comparisons.
const (
	// Equals: the same value (an address range for IPFamily).
	Equals Comparison = iota + 1
	// EqualsIgnoreCase: the same string, case apart.
	EqualsIgnoreCase
	// Like: a pattern with * and ?.
	Like
	// LessThan, LessThanEquals, GreaterThan, GreaterThanEquals: the request's
	// value compared to the policy's.
	LessThan
	LessThanEquals
	GreaterThan
	GreaterThanEquals
)

// Operator is a condition operator with its qualifiers.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type Operator struct {
	Set        SetOperator
	Family     Family
	Comparison Comparison
	// Negated is true for the Not operators.
	Negated  bool
	IfExists bool

	base string // the name without qualifiers, as AWS spells it
}

// baseOperators are all operators of the IAM grammar. ArnEquals and ArnLike
// behave the same.
var baseOperators = map[string]Operator{
	"StringEquals":              {Family: StringFamily, Comparison: Equals},
	"StringNotEquals":           {Family: StringFamily, Comparison: Equals, Negated: true},
	"StringEqualsIgnoreCase":    {Family: StringFamily, Comparison: EqualsIgnoreCase},
	"StringNotEqualsIgnoreCase": {Family: StringFamily, Comparison: EqualsIgnoreCase, Negated: true},
	"StringLike":                {Family: StringFamily, Comparison: Like},
	"StringNotLike":             {Family: StringFamily, Comparison: Like, Negated: true},
	"NumericEquals":             {Family: NumericFamily, Comparison: Equals},
	"NumericNotEquals":          {Family: NumericFamily, Comparison: Equals, Negated: true},
	"NumericLessThan":           {Family: NumericFamily, Comparison: LessThan},
	"NumericLessThanEquals":     {Family: NumericFamily, Comparison: LessThanEquals},
	"NumericGreaterThan":        {Family: NumericFamily, Comparison: GreaterThan},
	"NumericGreaterThanEquals":  {Family: NumericFamily, Comparison: GreaterThanEquals},
	"DateEquals":                {Family: DateFamily, Comparison: Equals},
	"DateNotEquals":             {Family: DateFamily, Comparison: Equals, Negated: true},
	"DateLessThan":              {Family: DateFamily, Comparison: LessThan},
	"DateLessThanEquals":        {Family: DateFamily, Comparison: LessThanEquals},
	"DateGreaterThan":           {Family: DateFamily, Comparison: GreaterThan},
	"DateGreaterThanEquals":     {Family: DateFamily, Comparison: GreaterThanEquals},
	"Bool":                      {Family: BoolFamily, Comparison: Equals},
	"BinaryEquals":              {Family: BinaryFamily, Comparison: Equals},
	"IpAddress":                 {Family: IPFamily, Comparison: Equals},
	"NotIpAddress":              {Family: IPFamily, Comparison: Equals, Negated: true},
	"ArnEquals":                 {Family: ArnFamily, Comparison: Like},
	"ArnLike":                   {Family: ArnFamily, Comparison: Like},
	"ArnNotEquals":              {Family: ArnFamily, Comparison: Like, Negated: true},
	"ArnNotLike":                {Family: ArnFamily, Comparison: Like, Negated: true},
	"Null":                      {Family: NullFamily, Comparison: Equals},
}

// ParseOperator reads a condition operator such as
// "ForAnyValue:StringNotLikeIfExists". An operator that does not exist, or is
// spelled in another case, is an error of code UnknownOperator or WrongCase.
func ParseOperator(text string) (Operator, *Error) {
	set, rest := NoSet, text
	if qualifier, after, ok := strings.Cut(text, ":"); ok {
		switch qualifier {
		case "ForAllValues":
			set, rest = ForAllValues, after
		case "ForAnyValue":
			set, rest = ForAnyValue, after
		}
	}
	base, ifExists := strings.CutSuffix(rest, "IfExists")
	o, ok := baseOperators[base]
	if !ok {
		return Operator{}, unknownOperator(text)
	}
	if ifExists && o.Family == NullFamily {
		return Operator{}, &Error{Code: UnknownOperator, Detail: "Null asks for presence itself; NullIfExists does not exist"}
	}
	o.base, o.Set, o.IfExists = base, set, ifExists
	return o, nil
}

func unknownOperator(text string) *Error {
	for base := range baseOperators {
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, suffix := range []string{"", "IfExists"} {
				if spelling := set + base + suffix; strings.EqualFold(spelling, text) {
					return &Error{Code: WrongCase, Detail: "condition operator " + quoted(text) + " is spelled " + spelling}
				}
			}
		}
	}
	return &Error{Code: UnknownOperator, Detail: "unknown condition operator " + quoted(text)}
}

// String returns the operator as a policy spells it.
func (o Operator) String() string {
	s := o.base
	switch o.Set {
	case ForAllValues:
		s = "ForAllValues:" + s
	case ForAnyValue:
		s = "ForAnyValue:" + s
	case NoSet:
	}
	if o.IfExists {
		s += "IfExists"
	}
	return s
}

// CheckValue tells whether the operator can read a value of a policy; the
// error's code is InvalidValue, and it has no place.
func (o Operator) CheckValue(value string) *Error {
	var err error
	switch o.Family {
	case NumericFamily:
		_, err = ParseNumber(value)
	case DateFamily:
		_, err = ParseDate(value)
	case BoolFamily, NullFamily:
		_, err = ParseBool(value)
	case BinaryFamily:
		_, err = ParseBinary(value)
	case IPFamily:
		_, err = ParseIPRange(value)
	case StringFamily, ArnFamily:
	}
	if err != nil {
		return &Error{Code: InvalidValue, Detail: o.String() + " cannot read " + quoted(value) + ": " + err.Error()}
	}
	return nil
}
