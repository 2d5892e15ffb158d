// Package notify tells people of outcomes, through a topic of Amazon SNS.
//
// A [Topic] is an [enforcer.Reporter]: each outcome is one message, which SNS shows each
// kind of subscriber in its own form. E-mail has a text for people: the verdict, the key, what
// was done and why, the findings, who made the call, and the command that puts the policy
// before a repair back. SMS has its subject line. All others (SQS, Lambda, HTTPS) have the
// outcome's public JSON. The attributes severity, verdict, action, account and region let a
// subscription take some messages only, by a filter policy.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
//
// A message quotes no policy: it has neither the witnesses of findings, whose context may
// repeat values of conditions, nor the text of the planned policy. Nothing in it acts on who
// reads it: in every string, what does not print and what markup and chat programs act on is
// an escape. What is too long for SNS is cut, the worst findings last; the function's log
// has all of them.
//
// A [Notice] is told in the same way: the summary of the first sweep under a configuration.
//
// A message may come twice: the enforcer reports at least once, and so does SNS.
package notify
