package evaluation

// Reason says why a decision is Inconclusive.
type Reason struct {
	// Statement counts from 0; noStatement where the request is at fault.
	Statement int        `json:"statement"`
	Code      ReasonCode `json:"reason"`
	// Detail is one line for a person. It may quote the policy or the request.
	Detail string `json:"detail"`
}

// noStatement stands in [Reason] for a reason that is in no statement.
const noStatement = -1

// ReasonCode names a construct that has no one documented reading. Codes are stable.
type ReasonCode string

// The reasons.
const (
	// UnfitRequest: the request cannot exist, see [Request.Check].
	UnfitRequest ReasonCode = "unfit-request"
	// UnknownKeyARN: Resource matches some of the ARNs that the key may have, and the ARN of
	// the key is not known.
	UnknownKeyARN ReasonCode = "unknown-key-arn"
	// VariableInResource: a policy variable in Resource or NotResource.
	VariableInResource ReasonCode = "variable-in-resource"
	// NotPrincipalWithAllow: AWS does not support the combination.
	NotPrincipalWithAllow ReasonCode = "not-principal-with-allow"
	// NotPrincipalLayers: NotPrincipal with Deny lists the principal, but not every
	// layer of it (account, role or user, session).
	NotPrincipalLayers ReasonCode = "not-principal-layers"
	// EmptyNegatedList: NotAction, NotResource or NotPrincipal with an empty list, which
	// is either everything or, like an empty Action, no effect.
	EmptyNegatedList ReasonCode = "empty-negated-list"
	// EmptyValueList: a condition key without values, where AWS documents no outcome.
	EmptyValueList ReasonCode = "empty-value-list"
	// ForAnyValueIfExists: the two say the opposite about an absent key.
	ForAnyValueIfExists ReasonCode = "for-any-value-if-exists"
	// MissingSetOperator: a multi-valued key without ForAllValues or ForAnyValue.
	MissingSetOperator ReasonCode = "missing-set-operator"
	// UnclearVariable: a ${…} that is not written as AWS documents it, a default with a
	// wildcard in it in a pattern, or a default for a multi-valued key.
	UnclearVariable ReasonCode = "unclear-variable"
	// UnreadableStatement: a statement that [policy.Parse] would have refused.
	UnreadableStatement ReasonCode = "unreadable-statement"
)
