package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// Hold is a reason to report a plan and not to write it.
type Hold struct {
	Reason guardrail.HoldReason
	// Detail says what would break, and of a managed key, which stack to change. It may
	// have the name of a stack, escaped.
	Detail string
}

// The tags that CloudFormation puts on what it makes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
const (
	stackNameTag = "aws:cloudformation:stack-name"
	stackIDTag   = "aws:cloudformation:stack-id"
)

// Holds returns why a plan is to be held, by the reasons that the settings name. What is
// not known holds as well: tags that could not be read, and access of which it is not
// decided whether the plan takes it away. Whether a finding is critical, so that nothing
// holds it, is the caller's to ask.
func Holds(p Plan, s guardrail.Snapshot, settings guardrail.RepairSettings) []Hold {
	var holds []Hold
	wants := func(r guardrail.HoldReason) bool { return slices.Contains(settings.HoldWhen, r) }
	if lost := losing(p, namesService); wants(guardrail.HoldServiceAccess) && len(lost) > 0 {
		holds = append(holds, Hold{guardrail.HoldServiceAccess, "the repair would take access from AWS services: " + strings.Join(lost, "; ")})
	}
	if lost := losing(p, abroad); wants(guardrail.HoldCrossAccountAccess) && len(lost) > 0 {
		holds = append(holds, Hold{guardrail.HoldCrossAccountAccess, "the repair would take access from other accounts: " + strings.Join(lost, "; ")})
	}
	if len(holds) == 0 && len(p.Open) > 0 && (wants(guardrail.HoldServiceAccess) || wants(guardrail.HoldCrossAccountAccess)) {
		reason := guardrail.HoldServiceAccess
		if !wants(reason) {
			reason = guardrail.HoldCrossAccountAccess
		}
		holds = append(holds, Hold{reason, "what access the repair would take away is not decided"})
	}
	if detail := managed(s.Labels.Tags); wants(guardrail.HoldCloudFormation) && detail != "" {
		holds = append(holds, Hold{guardrail.HoldCloudFormation, detail})
	}
	return holds
}

// losing words what the plan takes from some principals.
func losing(p Plan, from func(access.Difference) bool) []string {
	var list []string
	for _, d := range p.Removed {
		if from(d) {
			list = append(list, fmt.Sprintf("%s lose %s", strings.Join(d.Principals, ", "), strings.Join(access.ActionPatterns(d.Actions), ", ")))
		}
	}
	return list
}

// namesService tells whether a service that the policy names is among the principals.
// "Every AWS service" is part of what "*" gives to the whole world, and nobody's in
// particular.
func namesService(d access.Difference) bool { return d.Scope == access.AWSService && !d.Unnamed }

// abroad tells whether the principals are of an account that the policy names, and that
// is not the key's own.
func abroad(d access.Difference) bool { return d.Scope == access.NamedAccount }

// managed says which stack manages a key, "" for none.
func managed(tags map[string]string) string {
	switch id, name := tags[stackIDTag], tags[stackNameTag]; {
	case tags == nil:
		return "whether a CloudFormation stack manages the key is not known: its tags could not be read"
	case id != "":
		return fmt.Sprintf("a CloudFormation stack manages the key and would bring its policy back; change KeyPolicy in stack %s", quote(id))
	case name != "":
		return fmt.Sprintf("a CloudFormation stack manages the key and would bring its policy back; change KeyPolicy in stack %s", quote(name))
	default:
		return ""
	}
}
