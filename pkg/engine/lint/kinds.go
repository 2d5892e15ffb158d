package lint

import (
	"maps"
	"slices"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	// Low: KMS refuses the policy, or something in it gives or denies nothing although its
	// author surely meant it to.
	Low Severity = "low"
	// Info: a reader may overlook it.
	Info Severity = "info"
)

// Explain says in a few words what a finding of a kind means: a fixed text without any of
// the policy's, for places that must not repeat it. It is "" for a code that is none.
func (c Code) Explain() string { return kinds[c].explanation }

// Codes returns the kinds of findings, sorted.
func Codes() []Code { return slices.Sorted(maps.Keys(kinds)) }

// kinds are the severity and the explanation of each code.
var kinds = map[Code]struct {
	severity    Severity
	explanation string
}{
	DeadStatement:      {Low, "no request can match the statement"},
	RedundantStatement: {Info, "another statement gives or denies all that the statement does"},
	ResourceNotStar:    {Info, `the Resource is not "*", the only documented value`},
	EmptyCondition:     {Info, "a condition has nothing in it"},
	MissingVersion:     {Info, "the policy has no Version, so policy variables would be literal text"},

	DeadPrincipal:             {Low, "the principal is the id of a user or role that has been deleted"},
	UnsupportedPrincipal:      {Low, "no request to KMS is made by a principal of this kind"},
	ForeignPartitionPrincipal: {Low, "the principal is of another partition than the key, and cannot be given access"},
	ForeignRegionPrincipal:    {Low, "the service of another Region cannot use the key"},
	OtherRegionPrincipal:      {Info, "the service principal names another Region than the key's"},
	ServicePrincipalFormat:    {Low, "the service principal has not the form of one"},
	RegionlessPrincipal:       {Info, "the service calls KMS as a principal of its Region"},
	NotPrincipalWithAllow:     {Low, "an Allow with NotPrincipal, which AWS does not support, would allow everyone else"},
	NotPrincipalWithDeny:      {Info, "a Deny with NotPrincipal also denies listed principals that have a permissions boundary"},
	NoCrossAccountUse:         {Info, "an action that works only in the key's own account is given to another"},
	BypassesBoundary:          {Info, "what is given to a session directly is not limited by its role's permissions boundary"},

	UnknownAction:        {Low, "the value names no action of KMS"},
	ForeignAction:        {Low, "the value names an action of another service"},
	ConditionKeyAsAction: {Low, "the name of a condition key stands in the place of an action"},
	ActionWithoutEffect:  {Info, "only IAM policies control the action"},
	ActionNotOfKeyType:   {Info, "a key of this type cannot perform the action"},
	RepeatedAction:       {Info, "another value of the list covers the action already"},
	DeadAction:           {Info, "the statement's conditions rule the action out"},

	UnknownConditionKey:              {Low, "no request to KMS carries the condition key"},
	MisspelledContextKey:             {Low, "the encryption-context key is a letter away from one that an AWS service uses"},
	ConditionKeyNotAllowed:           {Low, "KMS refuses a key policy with the condition key"},
	RareConditionKey:                 {Info, "requests of roles carry the condition key in few documented cases only"},
	ConditionWithoutEffect:           {Info, "the condition holds for every request of the statement"},
	NegatedOperatorOnAbsentKey:       {Info, "the negated condition holds for requests that do not carry the key"},
	ValueNeverMatches:                {Info, "no request has the value, so it adds nothing to the condition"},
	WildcardWithoutLike:              {Info, "the operator takes the wildcard literally"},
	ShortArnPattern:                  {Info, "AWS does not document what a pattern with fewer parts than an ARN matches"},
	VacuousForAllValues:              {Info, "an Allow with ForAllValues also allows requests without the key"},
	OverlyPermissiveCondition:        {Low, "KMS refuses ForAllValues with this condition key"},
	SetOperatorOnSingleValuedKey:     {Info, "a set operator stands with a condition key of one value"},
	MultiValuedKeyWithoutSetOperator: {Info, "a condition key of several values needs a set operator"},
	SameConditionKeyTwice:            {Info, "a condition key stands twice under one operator, and both must hold"},
	StringOperatorOnTypedKey:         {Info, "a String operator stands with a condition key that is no string"},
	OperatorTypeMismatch:             {Info, "the operator does not fit the type of the condition key"},
	BothBooleans:                     {Info, "the condition names true and false, so any value meets it"},
	MixedValueTypes:                  {Info, "the values of one list are of different JSON types"},

	Version2008WithVariable: {Low, "a policy variable is literal text, because the policy does not have Version 2012-10-17"},
	MalformedVariable:       {Low, "a policy variable is not written as AWS reads it"},
}
