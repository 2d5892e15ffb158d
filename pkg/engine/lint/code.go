package lint

// Code names a kind of finding. Codes are stable.
type Code string

// The kinds of findings about a statement as a whole.
const (
	// DeadStatement: no request can match the statement: it names another resource, no
	// action or principal that exists, or has a condition that cannot hold.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
	DeadStatement Code = "dead-statement"
	// RedundantStatement: another statement with the same effect covers its principals, its
	// actions and its conditions, so the policy is the same without it.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	RedundantStatement Code = "redundant-statement"
	// MissingVersion: a policy without Version is read as of 2008, in which a policy variable
	// is literal text. Told of the first statement, of a policy that has no variable.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	MissingVersion Code = "missing-version"
	// ResourceNotStar: the Resource is not "*", the only value that AWS documents for a key
	// policy.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
	ResourceNotStar Code = "resource-not-star"
	// EmptyCondition: a Condition, an operator or a key with nothing in it.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	EmptyCondition Code = "empty-condition"
	// Version2008WithVariable: ${…} is literal text, because the policy does not have
	// Version 2012-10-17.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
	Version2008WithVariable Code = "version-2008-with-variable"
)

// The kinds of findings about principals.
const (
	// DeadPrincipal: the unique id that is left of a deleted user or role. Making a user or
	// role of the same name again does not bring the access back.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
	DeadPrincipal Code = "dead-principal"
	// UnsupportedPrincipal: a Federated or CanonicalUser principal; no request to KMS is
	// made by one.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
	UnsupportedPrincipal Code = "unsupported-principal"
	// ForeignPartitionPrincipal: a principal of another partition than the key's; accounts
	// of one partition cannot be given access in another.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
	ForeignPartitionPrincipal Code = "foreign-partition-principal"
	// ForeignRegionPrincipal: a service that calls KMS in its own Region only, named for
	// another Region than the key's.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
	ForeignRegionPrincipal Code = "foreign-region-principal"
	// OtherRegionPrincipal: any other service named for another Region; a few call across
	// Regions, such as GuardDuty for a bucket elsewhere.
	// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
	OtherRegionPrincipal Code = "other-region-principal"
	// RegionlessPrincipal: a service that calls KMS as a principal with a Region, named
	// without one.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
	RegionlessPrincipal Code = "regionless-principal"
	// ServicePrincipalFormat: a service principal that has not the form service.amazonaws.com.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	ServicePrincipalFormat Code = "service-principal-format"
	// NotPrincipalWithAllow: AWS does not support it; it would allow everyone else.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
	NotPrincipalWithAllow Code = "not-principal-with-allow"
	// NotPrincipalWithDeny: AWS advises a condition on aws:PrincipalArn instead; principals
	// with a permissions boundary are denied even where they are listed.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
	NotPrincipalWithDeny Code = "not-principal-with-deny"
	// NoCrossAccountUse: a principal of another account is given an action that works only
	// in the key's own account.
	// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
	NoCrossAccountUse Code = "no-cross-account-use"
	// BypassesBoundary: what is given to a session directly is not limited by the permissions
	// boundary or session policy of its role. (That "*" with a condition on aws:PrincipalArn
	// counts as a session too is an assumption.)
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	BypassesBoundary Code = "bypasses-boundary"
)

// The kinds of findings about actions.
const (
	// UnknownAction: a value that names no action of KMS.
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
	UnknownAction Code = "unknown-action"
	// ForeignAction: a value with the prefix of another service, such as s3:GetObject.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
	ForeignAction Code = "foreign-action"
	// ConditionKeyAsAction: the name of a condition key in the place of an action.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
	ConditionKeyAsAction Code = "condition-key-as-action"
	// ActionWithoutEffect: an action that only IAM policies control.
	// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
	ActionWithoutEffect Code = "action-without-effect"
	// ActionNotOfKeyType: an action that the key's spec, usage, origin or part in a set of
	// multi-Region keys rules out for good.
	// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-compare.html
	ActionNotOfKeyType Code = "action-not-of-key-type"
	// RepeatedAction: a value of a list covers no action that another value does not.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	RepeatedAction Code = "repeated-action"
	// DeadAction: an action that is named, and ruled out by a condition on a key that its
	// requests never carry.
	// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
	DeadAction Code = "dead-action"
)

// The kinds of findings about conditions.
const (
	// UnknownConditionKey: a key that no request to KMS carries.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
	UnknownConditionKey Code = "unknown-condition-key"
	// MisspelledContextKey: an encryption-context key in the style of AWS services that is
	// nearly one of theirs, aws:s3:arm for aws:s3:arn.
	// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
	MisspelledContextKey Code = "misspelled-context-key"
	// RareConditionKey: a condition on the source of a request for a role. Requests of roles
	// carry it in few documented cases, such as the import of a trail into CloudTrail Lake.
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
	RareConditionKey Code = "rare-condition-key"
	// ConditionKeyNotAllowed: KMS refuses a key policy with the key.
	// https://github.com/awsdocs/aws-kms-developer-guide/pull/47
	ConditionKeyNotAllowed Code = "condition-key-not-allowed"
	// ConditionWithoutEffect: a condition that holds for every request of the statement.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
	ConditionWithoutEffect Code = "condition-without-effect"
	// ValueNeverMatches: a value that no request has: an account id of eleven digits, a service
	// without its Region, a private address. Where no other value is left and the statement
	// does nothing for it, that is a dead-statement.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	ValueNeverMatches Code = "value-never-matches"
	// WildcardWithoutLike: * or ? under an operator that compares text as it stands, with a key
	// whose values people choose.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	WildcardWithoutLike Code = "wildcard-without-like"
	// ShortArnPattern: a pattern under an Arn operator with fewer than six parts.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
	ShortArnPattern Code = "short-arn-pattern"
	// NegatedOperatorOnAbsentKey: a Not operator holds where the key is absent, and the key
	// is absent in all, or some, requests that the statement is about.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
	NegatedOperatorOnAbsentKey Code = "negated-operator-on-absent-key"
	// VacuousForAllValues: an Allow with ForAllValues also allows a request without the key.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
	VacuousForAllValues Code = "vacuous-for-all-values"
	// OverlyPermissiveCondition: ForAllValues with a key of the encryption context or a tag
	// of the request; KMS refuses it.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
	OverlyPermissiveCondition Code = "overly-permissive-condition"
	// SetOperatorOnSingleValuedKey: ForAllValues or ForAnyValue with a key of one value.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	SetOperatorOnSingleValuedKey Code = "set-operator-on-single-valued-key"
	// MultiValuedKeyWithoutSetOperator: AWS requires a set operator with the key.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
	MultiValuedKeyWithoutSetOperator Code = "multi-valued-key-without-set-operator"
	// SameConditionKeyTwice: one key in two spellings under one operator; both hold.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	SameConditionKeyTwice Code = "same-condition-key-twice"
	// StringOperatorOnTypedKey: a String operator with a key that is a number, a date, true
	// or false, or an IP address.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	StringOperatorOnTypedKey Code = "string-operator-on-typed-key"
	// OperatorTypeMismatch: any other operator that does not fit the type of the key.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	OperatorTypeMismatch Code = "operator-type-mismatch"
	// BothBooleans: Bool with more than one value.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	BothBooleans Code = "both-booleans"
	// MixedValueTypes: true beside "false", or 3 beside "three", in one list.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
	MixedValueTypes Code = "mixed-value-types"
	// MalformedVariable: a variable without its braces, without a name, with a blank, with a
	// default that lacks quotes, or of a name that no request has.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
	MalformedVariable Code = "malformed-variable"
)
