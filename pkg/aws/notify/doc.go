// Package notify tells people of outcomes, through a topic of Amazon SNS.
//
//	topic, err := notify.New(config, "arn:aws:sns:us-east-1:111122223333:findings")
//	err = topic.Report(ctx, outcome)
//
// A [Topic] is an [enforcer.Reporter]: it publishes one message for each outcome, and SNS
// gives each kind of subscriber a form of its own. E-mail gets a text for people: the verdict,
// the key, what was done and why, the findings, who made the call, and the command that puts
// the policy before a repair back. SMS gets the subject line. SQS, Lambda and HTTPS get the
// outcome's public JSON. With a filter policy on the attributes severity, verdict, action,
// account and region, a subscription chooses the messages that it wants.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
//
// A message quotes no policy. It leaves out the witnesses of findings, because their context
// may repeat values of conditions, and the text of the planned policy. It escapes characters
// that do not print, and those that markup and chat programs act on. If a message is too long
// for SNS, notify leaves out findings, the worst ones last; the function's log has all.
//
// A [Notice] goes the same way. It is the summary of the first sweep under a configuration.
//
// A message may come twice: the enforcer reports at least once, and so does SNS.
package notify
