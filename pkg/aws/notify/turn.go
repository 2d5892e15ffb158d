package notify

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// What the reader is to do: sentences, and commands, which begin with two blanks.
var (
	nothing = []string{"Nothing."}
	mend    = []string{"Change the key policy, or permit the access in guardrail.yaml. What was found says who has too much, or too little."}
)

// turns says what the reader is to do, by action and reason. The reason "" is for all others.
var turns = map[guardrail.Action]map[string][]string{
	guardrail.NoAction: {"": nothing},
	guardrail.Skipped:  {"": nothing},
	guardrail.Repaired: {
		"": {"Nothing, unless something broke. To put the policy back that the key had before, in the folder of guardrail.yaml:"}, // see turn
		unconfirmed: {
			"Look at the key policy. A repair was begun, and it is not known whether it was written. To put the policy back that the key had before, in the folder of guardrail.yaml:",
		},
	},
	guardrail.Held: {
		"":                                  {"Decide. The repair is planned and not written, because somebody may rely on what it takes away. To permit it, write the statement under permit in guardrail.yaml. Else change the key policy."},
		"would-remove-service-access":       {"Decide. The repair would take access from an AWS service that uses the key. To permit it, write the statement under permit in guardrail.yaml. Else change the key policy."},
		"would-remove-cross-account-access": {"Decide. The repair would take access from another account that uses the key. To permit it, write the statement under permit in guardrail.yaml. Else change the key policy."},
		"cloudformation-managed":            {"Change KeyPolicy in the stack that the finding names. The stack would bring the present policy back."},
		"breaker-account":                   {"Look at guardrail.yaml, and at who changes policies. So many keys of the account were repaired in this hour that the guardrail stopped. It tries again in the next hour."},
		"breaker-total":                     {"Look at guardrail.yaml, and at who changes policies. So many keys were repaired in this hour that the guardrail stopped. It tries again in the next hour."},
	},
	guardrail.BudgetExhausted: {"": {"Ask who made the call why. Somebody undoes the repairs, and the guardrail stopped writing this key."}},
	guardrail.PlanRefused: {
		"":          {"Change the key policy by hand. The guardrail could not prove a repair right, so it wrote nothing."},
		"too-large": {"Change the key policy by hand. It has no room for what a repair would add: KMS stores 32 KB."},
		"lockout":   {"Change the key policy by hand. After the repair nobody could change it any more, so the guardrail wrote nothing."},
	},
	guardrail.Reported: {
		"":                         mend,
		guardrail.ReasonReportMode: {"Change the key policy, or permit the access in guardrail.yaml. In mode: report nothing is repaired."},
		guardrail.ReasonBelow:      {"Change the key policy, or permit the access in guardrail.yaml. Nothing here is as bad as repair.from."},
		guardrail.ReasonSweep:      {"Nothing, or change the key policy. A sweep found it. The next change of the key policy makes the guardrail repair it."},
		guardrail.ReasonFirstSweep: {"Nothing, or change the key policy. The configuration is new, and its first sweep only counts."},
		"notice":                   {"Nothing, if somebody planned it. Else look at who made the call. A deletion can be cancelled: aws kms cancel-key-deletion."},
		"undecided":                {"Look at the statement that the finding names. The guardrail could not decide what it allows, so it wrote nothing."},
		"malformed-policy":         {"Write the key policy anew. The guardrail cannot read it."},
		"rule-undecided":           {"Let the guardrail read the key's aliases and tags. Without them it does not know which rule applies."},
		"bad-baseline":             {"Mend guardrail.yaml. The baseline does not fit this key."},
		"locked-out":               {"Ask those whom the finding names to let the guardrail in, or to give the account its statement back."},
		"access-denied":            {"Let the guardrail's role describe the key and read its policy."},
		"archive-not-answering":    {"Nothing yet. The archive does not answer, so nothing was written. The guardrail tries again."},
		"unknown-key-type":         {"Update the guardrail. It does not know keys of this type."},
		"event-too-old":            {"Change the key policy by hand, or start a sweep. The event was too old to act on."},
		"given-up":                 mend,
	},
}

// turn says what the reader is to do: paragraphs, and commands, which begin with two blanks.
func turn(o guardrail.Outcome) []string {
	if o.KeyARN == "" {
		return []string{"Look at the event in the function's log. The guardrail could not read which key it is about, so nothing was judged."}
	}
	byReason := turns[o.Action]
	list, ok := byReason[o.ActionReason]
	if !ok {
		if list, ok = byReason[""]; !ok {
			list = mend
		}
	}
	list = append([]string{}, list...)
	if o.Action == guardrail.Repaired {
		if o.Restore == "" {
			return []string{strings.SplitAfter(list[0], ". ")[0]}
		}
		list = append(list, "  "+o.Restore, "The guardrail undoes that again, unless guardrail.yaml permits it or repairs are paused before:", `  kmsguard pause --for 4h --why "..."`)
	}
	return list
}
