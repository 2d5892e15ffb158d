package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// holder finds what is left to a person.
type holder struct{ *planner }

// Hold is a reason to leave a part of a repair to a person.
type Hold struct {
	Reason rules.HoldReason
	// Detail says who would lose what, and of a managed key, which stack to change. It may
	// have the name of a stack or of a service, escaped.
	Detail string
}

// HoldUnplanned says that no whole plan could be made. A configuration cannot name it.
const HoldUnplanned rules.HoldReason = "no-whole-plan"

// The tags that CloudFormation puts on what it makes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
const (
	stackNameTag = "aws:cloudformation:stack-name"
	stackIDTag   = "aws:cloudformation:stack-id"
)

// hold marks the faults that holds keep, by the reasons that the settings name, and returns
// the holds. Holds protect users, so what the last recorded policy of the key did not allow
// is not held. Nor is what is critical, administration, or a principal beside the held one.
func (p holder) hold(s guardrail.Snapshot, settings rules.RepairSettings, previous *policy.Document) ([]Hold, error) {
	var holds []Hold
	wants := func(r rules.HoldReason) bool { return slices.Contains(settings.HoldWhen, r) }
	for i := range p.fates {
		for e := range p.fates[i].faults {
			f := &p.fates[i].faults[e]
			if f.lesser == 0 || p.fates[i].murky {
				continue
			}
			one := oneOf(&p.live.Statements[i], e)
			reason, actions := p.inUse(&one, f.lesser)
			if actions == 0 || !wants(reason) {
				continue
			}
			var err error
			if f.kept, err = p.before(&one, actions, previous); err != nil {
				return nil, err
			}
			if f.kept != 0 {
				holds = append(holds, Hold{reason, fmt.Sprintf("%s would lose in %s: %s", who(&one), p.place(i), actionWords(f.kept, one.Actions.Values...))})
			}
		}
	}
	if detail := managed(s.Labels.Tags); wants(rules.HoldCloudFormation) && detail != "" {
		holds = append(holds, Hold{rules.HoldCloudFormation, detail})
	}
	return holds, nil
}

// inUse returns which actions of one principal of an Allow are use that a hold may keep, and
// the reason: a documented use by an AWS service, grants for AWS resources by principals
// of the key's account, or use by another account.
func (p holder) inUse(one *policy.Statement, actions access.Actions) (rules.HoldReason, access.Actions) {
	if one.Principals.Negated || len(one.Principals.Entries) != 1 {
		return "", 0
	}
	q := one.Principals.Entries[0]
	use := actions & usage
	grants := actions & access.ActionsMatching("kms:CreateGrant")
	switch {
	case q.Kind == policy.Service:
		documented, isForeign := p.documented(one, use)
		if isForeign {
			return rules.HoldCrossAccountAccess, use
		}
		return rules.HoldServiceAccess, documented
	case q.AccountID != "" && q.AccountID != p.k.Account:
		return rules.HoldCrossAccountAccess, use
	case isServiceLinked(q), len(throughServices(one.Conditions)) > 0:
		return rules.HoldServiceAccess, use | grants
	default:
		return "", 0
	}
}

// usage are the actions that use a key, and not administer it or grant it to others.
var usage = func() (set access.Actions) {
	for _, name := range []string{
		"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:GenerateMac", "kms:VerifyMac",
		"kms:Sign", "kms:Verify", "kms:DeriveSharedSecret", "kms:Encapsulate", "kms:Decapsulate", "kms:DescribeKey", "kms:GetPublicKey",
	} {
		set |= access.ActionsMatching(name)
	}
	return set
}()

// isServiceLinked tells whether a principal is a service-linked role.
func isServiceLinked(q policy.Principal) bool {
	_, ok := integration.LinkedService(q.Text)
	return q.Kind == policy.Role && ok
}

// throughServices returns the conditions by which AWS services act for the principals of an
// Allow. One that keeps services out is not among them.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
func throughServices(conditions []policy.Condition) (list []policy.Condition) {
	for _, c := range conditions {
		key, family := strings.ToLower(c.Key), c.Operator.Family
		via := key == "kms:viaservice" && (family != policy.NullFamily || hasBool(c, false))
		grants := key == "kms:grantisforawsresource" && family == policy.BoolFamily && hasBool(c, true)
		if !c.Operator.Negated && (via || grants) {
			list = append(list, c)
		}
	}
	return list
}

// hasBool tells whether a truth value is among those of a condition.
func hasBool(c policy.Condition, value bool) bool {
	return slices.ContainsFunc(c.Values, func(text string) bool {
		b, err := policy.ParseBool(text)
		return err == nil && b == value
	})
}

// before returns which actions of one principal of an Allow the previous policy had as well.
// Without one, it is not known that it did not.
func (p holder) before(one *policy.Statement, actions access.Actions, previous *policy.Document) (access.Actions, error) {
	if previous == nil {
		return actions, nil
	}
	part := *one
	part.Actions = policy.Values(actions.Names()...)
	result, err := p.excess(policy.Set{Version: p.live.Version, Statements: append([]policy.Statement{part}, p.denies...)}, previous.Set)
	if err != nil || len(result.Inconclusive) > 0 {
		return 0, err
	}
	return actions &^ actionsOf(result.Excess...), nil
}

// managed says which stack manages a key, "" for none.
func managed(tags map[string]string) string {
	stack := tags[stackIDTag]
	if stack == "" {
		stack = tags[stackNameTag]
	}
	switch {
	case tags == nil:
		return "whether a CloudFormation stack manages the key is not known: its tags could not be read"
	case stack != "":
		return fmt.Sprintf("a CloudFormation stack manages the key and would bring its policy back; change KeyPolicy in stack %s", quote(stack))
	default:
		return ""
	}
}

// documented returns which actions of an Allow AWS documents for the service that it names,
// with a bound or without, and whether the service acts for another account.
func (p holder) documented(one *policy.Statement, actions access.Actions) (set access.Actions, isForeign bool) {
	service := one.Principals.Entries[0].Text
	facts := integration.Facts{Partition: p.k.Partition, Region: p.k.Region, Account: p.k.Account, OrganizationID: p.k.OrganizationID}
	if labels := strings.Split(service, "."); facts.Region == "" && len(labels) > 3 {
		facts.Region = labels[1] // at a desk, the Region may be unknown
	}
	class := integration.Classify(integration.Use{Service: service, Actions: actions.Names(), Conditions: one.Conditions}, facts)
	if class.DocumentedUnbound != nil || class.Auxiliary != nil {
		set = actions
	}
	for _, row := range integration.All() {
		statements, err := row.Statements(facts)
		if err != nil {
			continue // none is known for such a key
		}
		for _, st := range statements {
			if slices.ContainsFunc(st.Principals.Entries, func(q policy.Principal) bool { return isSame(q, one.Principals.Entries[0]) }) {
				set |= covered(st.Actions)
			}
		}
	}
	return set & actions, class.Bound == integration.ForeignAccount
}
