package repair

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Hold is a reason to leave a part of a repair to a person.
type Hold struct {
	Reason rules.HoldReason
	// Detail says who would lose what, and of a managed key, which stack to change. It may
	// have the name of a stack or of a service, escaped.
	Detail string
}

// HoldUnplanned: no whole plan could be made. It is no reason that a configuration names.
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
func (p *planner) hold(s guardrail.Snapshot, settings rules.RepairSettings, previous *policy.Document) ([]Hold, error) {
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
			if f.held, err = p.before(&one, actions, previous); err != nil {
				return nil, err
			}
			if f.held != 0 {
				holds = append(holds, Hold{reason, fmt.Sprintf("%s would lose in %s: %s", who(&one), p.place(i), actionWords(f.held, one.Actions.Values...))})
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
func (p *planner) inUse(one *policy.Statement, actions access.Actions) (rules.HoldReason, access.Actions) {
	if one.Principals.Negated || len(one.Principals.Entries) != 1 {
		return "", 0
	}
	q := one.Principals.Entries[0]
	use := actions & usage
	switch grants := actions & access.ActionsMatching("kms:CreateGrant"); {
	case p.isOfOthers(one):
		return rules.HoldCrossAccountAccess, use
	case q.Kind == policy.Service:
		return rules.HoldServiceAccess, use & p.documented(q)
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

// isOfOthers tells whether an Allow for one principal gives access to another account, whose
// principal it is or for which a service acts.
func (p *planner) isOfOthers(one *policy.Statement) bool {
	if id := one.Principals.Entries[0].AccountID; id != "" {
		return id != p.k.Account
	}
	for _, c := range one.Conditions {
		if c.Operator.Negated || c.Operator.Family == policy.NullFamily {
			continue
		}
		for _, v := range c.Values {
			switch parts := strings.SplitN(v, ":", 6); strings.ToLower(c.Key) {
			case "aws:sourceaccount", "kms:calleraccount", "aws:principalaccount":
				if v != p.k.Account {
					return true
				}
			case "aws:sourcearn":
				if len(parts) == 6 && parts[4] != "" && parts[4] != p.k.Account {
					return true
				}
			}
		}
	}
	return false
}

// isServiceLinked tells whether a principal is a service-linked role, by its path.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
func isServiceLinked(q policy.Principal) bool {
	return q.Kind == policy.Role && strings.Contains(q.Text, ":role/aws-service-role/")
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
func (p *planner) before(one *policy.Statement, actions access.Actions, previous *policy.Document) (access.Actions, error) {
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

// documented returns the actions that AWS documents for a service, with a bound or without.
func (p *planner) documented(service policy.Principal) (set access.Actions) {
	region := p.k.Region
	if labels := strings.Split(service.Text, "."); region == "" && len(labels) > 3 {
		region = labels[1] // at a desk, the Region may be unknown
	}
	facts := integration.Facts{Partition: p.k.Partition, Region: cmp.Or(region, "us-east-1"), Account: p.k.Account}
	for _, entry := range integration.All() {
		statements, err := entry.Statements(facts)
		if err != nil {
			continue // none is known for such a key
		}
		for _, st := range statements {
			if slices.ContainsFunc(st.Principals.Entries, func(q policy.Principal) bool { return isSame(q, service) }) {
				set |= covered(st.Actions)
			}
		}
	}
	return set
}
