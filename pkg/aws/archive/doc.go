// Package archive keeps the memory of the guardrail in one S3 bucket: what it knows of each
// key, and the text of each policy that it replaced. It implements what package enforcer asks
// of an archive, and what package sweeper asks of a memory.
//
// A repair calls it in this order:
//
//	Ledger, Count, Keep, Point, Swap (claimed), Swap (written), Swap (reported), Unpoint
//
// These are nine calls of S3: Count is two. FirstUse comes before the Count of a critical finding,
// with one call, and decides whether there is a Count.
//
// # Objects
//
// Everything is JSON with a schema and a kind. Times in names are UTC.
//
//	keys/<account>/<region>/<key id>            the ledger of a key
//	records/<account>/<region>/<key id>/<id>    the record of a repair: both policies, plan, findings
//	    .../<id>/superseded/<SHA-256>           another writer's policy that the repair replaced unseen
//	pending/<account>/<region>/<key id>/<id>    a pointer: the ledger names something left to do
//	hours/<hour>                                how many repairs were claimed in a clock hour
//	generations/<SHA-256>                       when a version was first used with a configuration
//	sweep/<account>/<region>                    the last complete sweep
//
// No name has text of an event in it, but for the parts of the key ARN, which are checked. The
// SHA-256 is of the event's id, or of version and configuration.
//
// # How they change
//
// A ledger and an hour are replaced with If-Match, or made with If-None-Match: *. Of two
// writers that read the same version one gets [ledger.ErrConflict], reads again and decides
// again. Records are made with If-None-Match: * and are never replaced or deleted, so the
// bucket may have Object Lock with a default retention. A record is made before the ledger
// names it: a record that no ledger names does no harm. A pointer is made before the ledger
// names it, too, and is deleted when the ledger names nothing left to do by it.
//
// An error answer does not say whether a write took effect. A body has its writer's name in it,
// so a write that finds its own bytes has succeeded.
//
// # Permissions
//
// The function that repairs needs s3:ListBucket, s3:GetObject, s3:PutObject, and
// s3:DeleteObject on pending/* only. Without ListBucket S3 says AccessDenied where an object
// does not exist.
//
// # Limits
//
// Objects are at most 1 MiB. Who may write to the bucket can pretend anything but unreadable
// objects, which are errors that name them.
package archive
