// Package archive keeps what makes writing key policies safe in one S3 bucket: lock,
// budget, ledger and outbox, and a note for each key. It implements the enforcer's
// Archive, Outbox and History.
//
// # Objects
//
// Everything is JSON with a schema and a kind. Times in names are UTC; numbers have
// four digits and count from 1.
//
//	repairs/<account>/<region>/<key id>/<window>/<n>     a claim: the record, as it was judged
//	    .../<n>/handover/<turn>                          the claim changed hands, or was given up
//	    .../<n>/written                                  its policy is on the key
//	    .../<n>/superseded/<SHA-256 of the event id>     another writer's policy that it replaced
//	    .../<n>/reported                                 its outcome was reported
//	outbox/<account>/<region>/<key id>/<window>/<n>      a claim that is not reported yet
//	breaker/<hour>/<account>/<n>, breaker/<hour>/total/<n>   one repair of an hourly limit
//	state/<account>/<region>/<key id>                    what is remembered of a key
//	postponed/<account>/<region>/<key id>                an event that is to be handled later
//	sweep/<account>/<region>                             the last complete sweep
//
// <window> is its beginning and end, 20261123T000000Z-20261124T000000Z, so that a
// change of the configured length does not make old claims unreadable. No name has
// text of an event in it, but for the key ARN's parts, which are checked.
//
// Objects under repairs and breaker are created with If-None-Match: * and never
// replaced or deleted, so the bucket may have Object Lock with a default retention.
// Pointers in the outbox and postponed events are deleted, state is replaced with
// If-Match, the last sweep by whichever comes later: under versioning all leave old
// versions behind, which a lifecycle rule may expire.
//
// # The lock
//
// A key has at most one claim that is open: not written, not given up. Claim n+1 is made
// only when all before it are closed, by creating the object of a name that all
// contenders know, so one of them gets it. To take an open claim over (another attempt
// at the same message, once the earlier attempt must have ended) and to give it up
// (another event, after the lock time) contenders create the same handover/<turn>, so
// again only one succeeds. There is no clock in this but for telling that an
// invocation has ended and that KMS has settled; see [Options] and enforcer.Limits.
//
// An error answer does not say whether a write took effect. The bodies of objects name
// their holder and are repeatable byte for byte, so a creation that finds the name
// taken by its own bytes has succeeded.
//
// # The breaker
//
// The record of a claim names the first free numbers in the hour of its time. Numbers
// are tried upwards from there until one is the claim's own, so another attempt finds
// the numbers of the first instead of taking new ones. At the limit there is an error,
// before the claim where the limit was seen reached.
//
// # Calls
//
// A first repair of a key: ListObjectsV2 for the key and for the hour, PutObject for
// claim, both breakers and outbox; then PutObject for written; then PutObject for
// reported and DeleteObject for outbox. Each earlier claim that may matter is one
// GetObject more. The bucket policy must allow s3:GetObject, s3:PutObject,
// s3:ListBucket, and s3:DeleteObject on outbox/* and postponed/* only: without ListBucket
// S3 says AccessDenied where an object does not exist.
//
// # Limits
//
// Windows are one minute to seven days, and fixed: around the end of one there may be
// two budgets' worth of repairs. Events older than fourteen days are refused. Objects
// are at most 1 MiB. Who may write to the bucket can pretend anything but unreadable
// objects, which are errors that name them.
package archive
