package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// subject is the message in one line of ASCII: what is to be done or was done, about which key, and
// where. Its first forty characters say the most.
func subject(o guardrail.Outcome) string {
	line := headline(o)
	if o.Account != "" {
		line += " (" + o.Account + ", " + o.Region + ")"
	}
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, line)
	return line[:min(len(line), mostSubject)]
}

// headline says what is to be done or was done, about which key.
func headline(o guardrail.Outcome) string {
	key := "KMS key " + keyName(o)
	isPublic := has(o, guardrail.CodePublicAccess)
	if isPublic {
		key = "public " + key
	}
	switch {
	case o.KeyARN == "":
		return "CAN'T READ an event of KMS"
	case has(o, guardrail.CodeNotice):
		return "NOTICE about KMS key " + keyName(o)
	case o.Action == guardrail.Repaired && o.ActionReason == unconfirmed:
		return "ACTION NEEDED: look at " + key
	case o.Action == guardrail.Repaired:
		return "FIXED " + key
	case has(o, guardrail.CodeLockedOut):
		return "LOCKED OUT of KMS key " + keyName(o)
	case o.Verdict == guardrail.CannotJudge:
		return "CAN'T CHECK KMS key " + keyName(o)
	case o.Verdict == guardrail.NonCompliant && o.Severity.AtLeast(rules.High):
		return "ACTION NEEDED: " + key
	case o.Verdict == guardrail.NonCompliant:
		return fmt.Sprintf("%s finding about KMS key %s", o.Severity, keyName(o))
	case len(o.Resolved) > 0:
		return "RESOLVED: KMS key " + keyName(o)
	default:
		return fmt.Sprintf("KMS key %s: %s", keyName(o), o.Verdict)
	}
}

// keyName is the key's first alias without its prefix, else its id.
func keyName(o guardrail.Outcome) string {
	if len(o.Aliases) > 0 {
		return strings.TrimPrefix(o.Aliases[0], "alias/")
	}
	return o.KeyARN[strings.LastIndexByte(o.KeyARN, '/')+1:]
}

// has tells whether a finding of a code counts.
func has(o guardrail.Outcome, code guardrail.Code) bool {
	return slices.ContainsFunc(o.Findings, func(f guardrail.Finding) bool { return f.Code == code && !f.IsExcused() })
}
