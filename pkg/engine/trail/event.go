package trail

import "time"

// Bounds of what Decode accepts and returns.
const (
	// MaxEventBytes is the longest event that Decode reads. CloudTrail sends at most
	// 256 KB (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html);
	// 1 MiB is the longest SQS message, so nothing longer can arrive through a queue.
	MaxEventBytes = 1 << 20
	// maxDepth is how deep objects and arrays may nest. Records of KMS calls use six levels.
	maxDepth = 32
	// maxPolicyBytes bounds Event.PolicyText. The KMS API model ends at 131,072
	// characters, a stored policy at 32,768 bytes.
	maxPolicyBytes = 131072
	// maxTextBytes bounds every other text of an Event. CloudTrail itself cuts the
	// user agent at 1 KB; a role session ARN is far shorter.
	maxTextBytes = 1024
)

// Event is one call, or one key that a sweep found, as far as the guardrail needs it. When Ignored is empty, every
// field down to KeyARN is set.
type Event struct {
	// ID is CloudTrail's eventID, unique to a record: the key for de-duplication. Of a
	// swept key it is made of sweep and key, unique to the two.
	// Letters, digits and hyphens.
	ID string
	// Name is CloudTrail's eventName, e.g. "PutKeyPolicy"; "Sweep" for a swept key; for
	// an event that is no record of an API call, the envelope's detail-type.
	Name string
	// Time is when the call was completed, or the sweep began, UTC.
	Time time.Time
	// EventRegion is the Region that recorded the call and delivered the event.
	// It differs from Region for ReplicateKey only.
	EventRegion string

	// Account, Region and Partition are those of the key. They are parts of KeyARN.
	Account   string
	Region    string
	Partition string
	// KeyARN is a full key ARN, arn:<partition>:kms:<region>:<account>:key/<id>.
	// It is empty where the event was ignored before the key was looked for.
	KeyARN string

	// Actor is who made the call; nobody but EventID and EventTime for a swept key.
	Actor Actor

	// SweepID names the sweep that found the key; "" for a call.
	SweepID string
	// SweptConfiguration is the hash of the configuration under which the sweep may
	// repair; "" for none. See [SweptKey].
	SweptConfiguration string

	// PolicyText is the key policy that the record carries, verbatim: of a CreateKey
	// or PutKeyPolicy call what the caller sent, of a ReplicateKey call what the
	// replica got. It is a hint and never the truth. Empty when the record has none:
	// with ParametersOmitted false, a CreateKey call sent no policy and the key
	// started with the API default.
	PolicyText string
	// ParametersOmitted says that the record has no request parameters, so that an
	// empty PolicyText and a false BypassLockoutCheck mean nothing.
	ParametersOmitted bool
	// BypassLockoutCheck says that the caller asked KMS to skip the check that the
	// new policy still lets the caller change it.
	BypassLockoutCheck bool

	// Grant is the grant that a CreateGrant call made; zero for other calls.
	Grant Grant

	// Ignored is why there is nothing to judge, or empty.
	Ignored Reason
}

// Grant is a grant, as far as CloudTrail tells of it.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-creategrant.html
type Grant struct {
	// ID is hexadecimal; "" where the record does not have it.
	ID string
	// Grantee is the ARN or the service of the grantee principal, printable and at most maxTextBytes long.
	Grantee string
	// Operations are the names of the operations, without kms:, with commas; printable and at most
	// maxTextBytes long.
	Operations string
}

// Reason is why an event that is understood asks for no judgement. The values are
// stable: they appear in outcomes and as metric labels.
type Reason string

// The reasons.
const (
	// NotAPICall: a KMS event that is no record of an API call, e.g. "KMS CMK
	// Rotation" (https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html)
	// or a service event. None of them tells of a policy change.
	NotAPICall Reason = "not-an-api-call"
	// UnhandledOperation: the operation is not in the table: it changes no key policy,
	// or it is newer than this table.
	UnhandledOperation Reason = "unhandled-operation"
	// FailedCall: the record has an errorCode; KMS did nothing.
	FailedCall Reason = "failed-call"
	// AWSManagedKey: the record says keyManager AWS. Nobody but AWS can change the
	// policy of such a key; the guardrail never writes one.
	AWSManagedKey Reason = "aws-managed-key"
)
