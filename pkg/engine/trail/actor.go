package trail

import (
	"cmp"
	"time"
)

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

	// Account is the account of the caller, which for a foreign caller is all that is known.
	Account string
	// Role is the ARN of the role of a session, with its path; empty for others.
	Role string
	// SourceIdentity is who used the role, where the organization sets that; OnBehalfOf is the user
	// of IAM Identity Center.
	SourceIdentity, OnBehalfOf string
	// Provider is the identity provider of a session by SAML or web identity.
	Provider string
	// AccessKeyID is the access key that signed the call.
	AccessKeyID string
	// Console is true where the session was made by signing in to the console, MFA where by a second factor.
	Console, MFA bool
}

// readActor reads who made a call. All of it is text for people, so that a member of the wrong type reads as
// empty and changes nothing else. The root user has no sessionContext, or one with an empty sessionIssuer.
func readActor(record object, id string, at time.Time) Actor {
	record = record.lenient()
	identity := record.object("userIdentity")
	session := identity.object("sessionContext")
	attributes := session.object("attributes")
	return Actor{
		ARN:       printable(identity.text("arn")),
		Type:      printable(identity.text("type")),
		SourceIP:  printable(record.text("sourceIPAddress")),
		UserAgent: printable(record.text("userAgent")),
		InvokedBy: printable(identity.text("invokedBy")),
		EventID:   id,
		EventTime: at,

		Account:        printable(identity.text("accountId")),
		Role:           printable(session.object("sessionIssuer").text("arn")),
		SourceIdentity: printable(session.text("sourceIdentity")),
		OnBehalfOf:     printable(identity.object("onBehalfOf").text("userId")),
		Provider:       printable(cmp.Or(session.object("webIdFederationData").text("federatedProvider"), identity.text("identityProvider"))),
		AccessKeyID:    printable(identity.text("accessKeyId")),
		Console:        record.truth("sessionCredentialFromConsole"),
		MFA:            attributes.truth("mfaAuthenticated"),
	}
}
