package enforcer

import (
	"errors"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
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
		j.Findings = append(j.Findings, e.judgeEvent(s).Findings...)
		j.Severity = guardrail.Worst(j.Findings)
	}
	decide(o, j)
}

// judgeEvent judges the policy text that an event carries. Where the key's type
// could not be read either, it is held against what the defaults of all types
// share, the account statement, so only what is missing says anything.
func (e *Enforcer) judgeEvent(s guardrail.Snapshot) guardrail.Judgement {
	y := e.config.Yardstick
	typeKnown := s.Key.Type != defaultpolicy.KeyType{}
	if !typeKnown {
		y = guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.API}
	}
	j := guardrail.Judge(s, y)
	if !typeKnown && e.config.Yardstick.Style != defaultpolicy.API {
		j.Findings = slices.DeleteFunc(j.Findings, func(f guardrail.Finding) bool {
			return f.Code != guardrail.CodeAccountStatementMissing && f.Code != guardrail.CodeMalformedPolicy
		})
	}
	return j
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
