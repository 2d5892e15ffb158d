package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Hold is a reason to report a plan and not to write it.
type Hold struct {
	Reason rules.HoldReason
	// Detail says what would break, and of a managed key, which stack to change. It may
	// have the name of a stack or of a service, escaped.
	Detail string
}

// The tags that CloudFormation puts on what it makes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
const (
	stackNameTag = "aws:cloudformation:stack-name"
	stackIDTag   = "aws:cloudformation:stack-id"
)

// Holds returns why a plan for a judged policy is to be held, by the reasons that the
// settings name. What is not known holds as well: tags that could not be read, and access
// of which it is not decided whether the plan takes it away. What becomes of a critical
// finding, which nothing holds, is what [Decide] says.
//
// A service loses access where the policy names it, where a service-linked role does, and
// where a statement lets its principals in only through a service, or AWS services make
// their grants: [rules.HoldServiceAccess].
func Holds(p Plan, s guardrail.Snapshot, j guardrail.Judgement, settings rules.RepairSettings) []Hold {
	var holds []Hold
	wants := func(r rules.HoldReason) bool { return slices.Contains(settings.HoldWhen, r) }
	if lost := servicesLosing(p, j); wants(rules.HoldServiceAccess) && len(lost) > 0 {
		holds = append(holds, Hold{rules.HoldServiceAccess, "the repair would take access from AWS services: " + strings.Join(lost, "; ")})
	}
	if lost := accountsLosing(p); wants(rules.HoldCrossAccountAccess) && len(lost) > 0 {
		holds = append(holds, Hold{rules.HoldCrossAccountAccess, "the repair would take access from other accounts: " + strings.Join(lost, "; ")})
	}
	if len(holds) == 0 && len(p.Open) > 0 && (wants(rules.HoldServiceAccess) || wants(rules.HoldCrossAccountAccess)) {
		reason := rules.HoldServiceAccess
		if !wants(reason) {
			reason = rules.HoldCrossAccountAccess
		}
		holds = append(holds, Hold{reason, "what access the repair would take away is not decided"})
	}
	if detail := managed(s.Labels.Tags); wants(rules.HoldCloudFormation) && detail != "" {
		holds = append(holds, Hold{rules.HoldCloudFormation, detail})
	}
	return holds
}

// accountsLosing words what the plan takes from accounts that the policy names and that
// are not the key's own.
func accountsLosing(p Plan) []string {
	var list []string
	for _, d := range p.Removed {
		if d.Scope == access.NamedAccount {
			list = append(list, losing(d, d.Principals...))
		}
	}
	return list
}

// servicesLosing words what the plan takes from AWS services. What a statement with a
// critical finding gives to everyone is no service's in particular.
func servicesLosing(p Plan, j guardrail.Judgement) []string {
	var list []string
	for _, d := range p.Removed {
		if namesService(d) {
			list = append(list, losing(d, d.Principals...))
			continue
		}
		if d.Policy != access.Actual || causesCritical(j, d.Statement) {
			continue
		}
		if roles := serviceLinked(d.Principals); len(roles) > 0 {
			list = append(list, losing(d, roles...))
		}
		for _, what := range through(j.Live.Statements[d.Statement].Conditions) {
			list = append(list, what+" loses "+actionWords(d))
		}
	}
	return union(nil, list)
}

func losing(d access.Difference, who ...string) string {
	return strings.Join(who, ", ") + " lose " + actionWords(d)
}

func actionWords(d access.Difference) string {
	return strings.Join(access.ActionPatterns(d.Actions), ", ")
}

// namesService tells whether a service that the policy names is among the principals.
// "Every AWS service" is part of what "*" gives to the whole world, and nobody's in
// particular.
func namesService(d access.Difference) bool { return d.Scope == access.AWSService && !d.Unnamed }

// serviceLinked returns the service-linked roles among principals, by their path.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
func serviceLinked(principals []string) []string {
	var list []string
	for _, p := range principals {
		if strings.Contains(p, ":role/aws-service-role/") {
			list = append(list, p)
		}
	}
	return list
}

// through says what AWS services do for the principals of an Allow, by its conditions: one
// that keeps services out is not among them.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
func through(conditions []policy.Condition) []string {
	var list []string
	for _, c := range conditions {
		switch key := strings.ToLower(c.Key); {
		case c.Operator.Negated:
		case key == "kms:viaservice" && c.Operator.Family != policy.NullFamily:
			list = append(list, "what is called through "+quoted(c.Values))
		case key == "kms:viaservice" && says(c, false):
			list = append(list, "what is called through any service")
		case key == "kms:grantisforawsresource" && c.Operator.Family == policy.BoolFamily && says(c, true):
			list = append(list, "what makes grants for AWS services")
		}
	}
	return list
}

// says tells whether a truth value is among those of a condition.
func says(c policy.Condition, value bool) bool {
	return slices.ContainsFunc(c.Values, func(text string) bool {
		b, err := policy.ParseBool(text)
		return err == nil && b == value
	})
}

// quoted names the first few values of a policy.
func quoted(values []string) string {
	const most = 8
	var list []string
	for _, v := range values[:min(most, len(values))] {
		list = append(list, quote(v))
	}
	if more := len(values) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list, ", "), more)
	}
	return strings.Join(list, " or ")
}

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
