package trail

import "time"

// Actor is who made a call, as CloudTrail saw it. All text is for people: it is
// printable, at most maxTextBytes long, and partly the caller's own words (session
// name, user agent). Nothing may be permitted on its account.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
type Actor struct {
	// ARN of the user, role session or root user; empty for AWS services.
	ARN string
	// Type is CloudTrail's identity type, e.g. IAMUser, AssumedRole, Root, AWSService;
	// empty for calls that AWS KMS makes for itself.
	Type string
	// SourceIP is an IP address, or the name of the AWS service that passed the call on.
	SourceIP string
	// UserAgent is what the caller's software called itself, or "AWS Internal".
	UserAgent string
	// EventID and EventTime repeat Event.ID and Event.Time, because an outcome reports
	// the actor without the event.
	EventID   string
	EventTime time.Time
	// InvokedBy is the AWS service that made the call for the caller, e.g.
	// cloudformation.amazonaws.com; empty for direct calls.
	InvokedBy string
}

func readActor(record object, id string, at time.Time) Actor {
	// The root user has no sessionContext, or one with an empty sessionIssuer; nothing
	// here looks at either, so that the root user is read like everybody else.
	identity := record.object("userIdentity")
	return Actor{
		ARN:       printable(identity.text("arn")),
		Type:      printable(identity.text("type")),
		SourceIP:  printable(record.text("sourceIPAddress")),
		UserAgent: printable(record.text("userAgent")),
		InvokedBy: printable(identity.text("invokedBy")),
		EventID:   id,
		EventTime: at,
	}
}
