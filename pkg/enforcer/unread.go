package enforcer

import (
	"errors"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// judgeUnread judges a key that the guardrail may not read, for the report only.
// The verdict stays CannotJudge: what the event says was the key's policy at
// best once.
func (e *Enforcer) judgeUnread(s guardrail.Snapshot, denied error, o *guardrail.Outcome) {
	if s.Evidence == guardrail.LivePolicy {
		// The policy can be read, the metadata cannot: the key type is not known.
		decide(o, guardrail.Unjudged(s.Key, guardrail.CodeAccessDenied, "the key's metadata cannot be read: "+denied.Error()))
		return
	}
	j := guardrail.Unjudged(s.Key, guardrail.CodeLockedOut, "the key policy does not let the guardrail read it; "+rescuers(s))
	if s.Policy != "" {
		o.Evidence = guardrail.EventPolicy
		fromEvent := guardrail.Judge(s, e.config.Yardstick)
		j.Findings = append(j.Findings, fromEvent.Findings...)
		j.Severity = guardrail.Worst(j.Findings)
	}
	decide(o, j)
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
	who, unsure := access.WhoMay(s.Key.Access(), d, "kms:PutKeyPolicy")
	switch {
	case len(who) > 0:
		return "who can still change it: " + strings.Join(who, ", ")
	case unsure:
		return "who can still change it depends on conditions in the policy; " + support
	default:
		return "by the policy in the event nobody can change it; " + support
	}
}
