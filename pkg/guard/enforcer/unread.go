package enforcer

import (
	"errors"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// judgeUnread judges a key that the guardrail may not read, for the report only.
// The verdict stays CannotJudge: what the event says was the key's policy at
// best once.
func (e *Enforcer) judgeUnread(event trail.Event, v *view, denied error) {
	s, o := v.snapshot, &v.outcome
	if s.Evidence == guardrail.LivePolicy {
		// The policy can be read, the metadata cannot: the key type is not known.
		o.Judged(guardrail.Unjudged(s.Key, guardrail.CodeAccessDenied, "the key's metadata cannot be read: "+denied.Error()))
		return
	}
	code, why := guardrail.CodeLockedOut, "KMS does not let the guardrail read the key policy; "+rescuers(s)
	if delegated(event, s) {
		code = guardrail.CodeAccessDenied
		why = "the guardrail's role may not read the key policy, although the event's policy lets the account decide: the role lacks an IAM permission"
	}
	j := guardrail.Unjudged(s.Key, code, why+" ("+denied.Error()+")")
	if s.Policy != "" {
		o.Evidence = guardrail.EventPolicy
		fromEvent := guardrail.JudgeUnread(s, e.config.Configuration, e.config.Now())
		j.Findings = append(j.Findings, fromEvent.Findings...)
		j.Severity = guardrail.Worst(j.Findings)
		j.Selection = fromEvent.Selection
	}
	o.Judged(j)
}

// delegated tells whether, by the event, the account's IAM policies decide about
// reading the key policy, so that it is not the key policy that keeps the guardrail
// out. A CreateKey call that sends no policy gets the API default, which delegates.
func delegated(event trail.Event, s guardrail.Snapshot) bool {
	if s.Policy == "" {
		return event.Name == "CreateKey" && !event.ParametersOmitted
	}
	d, err := policy.Parse(s.Policy)
	return err == nil && access.Delegates(s.Key.PolicyKey(), d.Set, "kms:DescribeKey", "kms:GetKeyPolicy")
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
