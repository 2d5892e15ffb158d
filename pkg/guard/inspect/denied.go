package inspect

import (
	"errors"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// judgeDenied judges a key that the inspector may not read, for the report only. The
// verdict is always CannotJudge: what the event says was the key's policy at best once.
func (i *Inspector) judgeDenied(v *View, now time.Time) guardrail.Judgement {
	s := v.Snapshot
	if s.Evidence == guardrail.LivePolicy {
		// The policy can be read, the metadata cannot: the key type is not known.
		return guardrail.Unjudged(s.Key, guardrail.CodeAccessDenied, "the key's metadata cannot be read: "+v.Denied.Error())
	}
	if v.Subject.Event == nil {
		return guardrail.Unjudged(s.Key, guardrail.CodeAccessDenied, "you may not read the key policy: "+v.Denied.Error())
	}
	code, why := guardrail.CodeLockedOut, "KMS does not let the guardrail read the key policy; "+rescuers(s)
	if v.eventDelegates() {
		code = guardrail.CodeAccessDenied
		why = "the guardrail's role may not read the key policy, although the event's policy lets the account decide: the role lacks an IAM permission"
	}
	j := guardrail.Unjudged(s.Key, code, why+" ("+v.Denied.Error()+")")
	if s.Policy == "" {
		return j
	}
	byEvent := guardrail.JudgeUnread(s, i.config.Configuration, now)
	j.Findings = append(j.Findings, byEvent.Findings...)
	j.Severity, j.Selection = guardrail.Worst(j.Findings), byEvent.Selection
	return j
}

// eventDelegates tells whether, by the event, the account's IAM policies decide about
// reading the key policy, so that the key policy is not what keeps the guardrail out. A
// CreateKey call without a policy sets the API default, which delegates.
func (v *View) eventDelegates() bool {
	if v.Snapshot.Policy == "" {
		return v.Subject.Event.SetsDefault
	}
	d, err := policy.Parse(v.Snapshot.Policy)
	return err == nil && access.Delegates(v.Snapshot.Key.PolicyKey(), d.Set, "kms:DescribeKey", "kms:GetKeyPolicy")
}

// rescuers says who can still change the key policy, as far as the event tells.
func rescuers(s guardrail.Snapshot) string {
	const support = "if nobody can, only AWS Support can bring the key back"
	if s.Policy == "" {
		return "the event does not carry the policy, so who can still change it is not known; " + support
	}
	d, err := policy.Parse(s.Policy)
	var problem *policy.Error
	if errors.As(err, &problem) {
		return "the policy in the event cannot be read (" + string(problem.Code) + "); " + support
	}
	who, unsure := access.WhoMay(s.Key.PolicyKey(), d.Set, "kms:PutKeyPolicy")
	switch {
	case len(who) > 0 && unsure:
		return "who can still change it: " + strings.Join(who, ", ") + ", and perhaps others"
	case len(who) > 0:
		return "who can still change it: " + strings.Join(who, ", ")
	case unsure:
		return "who can still change it is not decided; " + support
	default:
		return "by the policy in the event nobody can change it; " + support
	}
}
