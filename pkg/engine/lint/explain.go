package lint

// Explain says in a few words what a finding of a kind means: a fixed text without any of
// the policy's, for places that must not repeat it. It is "" for a code that is none.
func (c Code) Explain() string { return explanations[c] }

var explanations = map[Code]string{
	DeadStatement:           "no request can match the statement",
	ResourceNotStar:         `the Resource covers the key, but is not "*", the only documented value`,
	EmptyCondition:          "a condition has nothing in it",
	Version2008WithVariable: "a policy variable is literal text, because the policy does not have Version 2012-10-17",

	DeadPrincipal:             "the principal is the id of a user or role that has been deleted",
	UnsupportedPrincipal:      "no request to KMS is made by a principal of this kind",
	ForeignPartitionPrincipal: "the principal is of another partition than the key, and cannot be given access",
	NotPrincipalWithAllow:     "an Allow with NotPrincipal, which AWS does not support, would allow everyone else",
	NotPrincipalWithDeny:      "a Deny with NotPrincipal also denies listed principals that have a permissions boundary",
	NoCrossAccountUse:         "an action that works only in the key's own account is given to another",
	BypassesBoundary:          "what is given to a session directly is not limited by its role's permissions boundary",

	UnknownAction:        "the value names no action of KMS",
	ConditionKeyAsAction: "the name of a condition key stands in the place of an action",
	ActionWithoutEffect:  "only IAM policies control the action",
	DeadAction:           "the statement's conditions rule the action out",

	UnknownConditionKey:              "no request to KMS carries the condition key",
	ConditionKeyNotAllowed:           "KMS refuses a key policy with the condition key",
	ConditionWithoutEffect:           "the condition holds for every request of the statement",
	NegatedOperatorOnAbsentKey:       "the negated condition holds for requests that do not carry the key",
	VacuousForAllValues:              "an Allow with ForAllValues also allows requests without the key",
	OverlyPermissiveCondition:        "KMS refuses ForAllValues with this condition key",
	SetOperatorOnSingleValuedKey:     "a set operator stands with a condition key of one value",
	MultiValuedKeyWithoutSetOperator: "a condition key of several values needs a set operator",
	SameConditionKeyTwice:            "a condition key stands twice under one operator, and both must hold",
	StringOperatorOnTypedKey:         "a String operator stands with a condition key that is no string",
	OperatorTypeMismatch:             "the operator does not fit the type of the condition key",
}
