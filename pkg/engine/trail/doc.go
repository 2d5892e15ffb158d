// Package trail reads one EventBridge event that carries a CloudTrail record of
// an AWS KMS call and says which key the call was about and who made it. It also
// writes and reads the message by which a sweep over existing keys names one of them.
//
// It is pure: bytes in, [Event] out, no clock, no network, standard library only.
//
// # What comes in
//
// The event exactly as it reaches a rule's target, or the body of the SQS message
// that a rule put on a queue: version, id, source "aws.kms", detail-type "AWS API
// Call via CloudTrail", account, region, and under detail the CloudTrail record.
// Samples of every shape are in the folder events.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
//
// Or a sweep's key message, which has the same envelope: source "kms-guardrail",
// detail-type "KMS Key Sweep", and under detail keyArn, sweepId and, where the sweep may
// repair, configurationHash. [SweptKey] writes it; samples are in events, too.
//
// # What comes out
//
// [Decode] has three outcomes, and no fourth:
//
//   - an Event whose Ignored is empty: a key was created, replicated, given a policy or
//     swept; KeyARN names it, and the live policy of that key should be judged;
//   - an Event whose Ignored names the [Reason] why nothing is to be judged: the
//     call failed, the operation cannot change a key policy, ...;
//   - an [*Error] with a [Code]: the event cannot be understood or contradicts
//     itself. Nothing may be done on its account. The same bytes fail the same
//     way every time, so a retry is useless: report it, with its ID where it has one.
//
// Which operations count is a table keyed by event name (operation.go). A name that
// is not in it is ignored, never guessed at. Which envelopes count is a table keyed
// by source and detail-type (decode.go).
//
// # Which key
//
//   - CreateKey: the key in responseElements.keyMetadata.arn and in resources. A
//     ReplicateKey call also leaves a CreateKey record in the replica's Region
//     (https://docs.aws.amazon.com/kms/latest/developerguide/ct-createkey.html);
//     the shape of that record is not published, the same rule is applied to it.
//   - PutKeyPolicy: the key in resources and in requestParameters.keyId, which is
//     what the caller typed: a key id or a key ARN. KMS takes no alias there.
//   - ReplicateKey: the new replica, not the primary. CloudTrail records the call in
//     the primary's Region, so Event.Region (the replica's) differs from
//     Event.EventRegion. A guardrail in the replica's Region learns of the same key
//     from the CreateKey record; both events are read because neither is guaranteed,
//     and judging a key twice does no harm.
//
// A record usually names the key in several places. All must agree with each other,
// with the account and Region of the record and with those of the envelope, or the
// event is refused ([CodeDisagreement]). A key of another account is refused too:
// none of the three operations works across accounts
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html), so no
// honest record of them names one.
//
// # What may be believed
//
// EventBridge lets nobody but AWS send events whose source begins with "aws.", and
// CloudTrail builds the record, so the structure is AWS's. The values are not: policy
// text, descriptions, tags, user agents, session and user names are written by
// whoever made the call. And whoever may write to the queue behind the rule can forge
// whole events, sweeps included: an Event is a reason to look at a key, never a fact about it. Therefore
//
//   - members are found by their exact name. encoding/json would also take "KEYARN"
//     for keyArn and keep the last of two equal names; this package reads into maps
//     and refuses an object with the same name twice;
//   - ids must match their whole grammar before they are put into an ARN;
//   - text for people (Actor, Name) is cut to a bound and stripped of characters
//     that do not print, so that a log line or terminal cannot be forged with it;
//   - PolicyText is kept as it is, and is a hint: events come late, twice, in any
//     order or not at all. The truth is what GetKeyPolicy says.
//
// # Limits
//
// Partitions aws, aws-cn, aws-us-gov and aws-eusc; the Regions of others are refused
// ([CodePartition]). CloudTrail leaves out requestParameters or responseElements
// above 100 KB each; the key is then taken from what is left (Event.ParametersOmitted).
// Whether KMS logs the dry run of CreateKey that a ReplicateKey call makes is not
// published; a record with an errorCode is ignored, one without a key is refused.
package trail
