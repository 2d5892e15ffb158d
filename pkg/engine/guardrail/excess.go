package guardrail

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// judgeExcess says how bad it is that somebody has access beyond the ceiling: the row of
// [rules.SeverityOf] is who they are, the columns are what they may do. An action that a key of
// this type can never perform does not count.
func (e *examination) judgeExcess(d access.Difference) (Code, rules.Severity) {
	code, who := e.whoOf(d)
	conditions := e.Live.Statements[d.Statement].Conditions
	var groups []rules.Group
	can := e.able(namesOf(d.Actions))
	if len(can) == 0 {
		return code, rules.Info
	}
	for _, action := range can {
		groups = append(groups, rules.GroupOf(action, isForAWSResource(conditions)))
	}
	return code, rules.SeverityOf(who, groups)
}

// whoOf returns the kind of the principals of a difference, and the code of the finding.
func (e *examination) whoOf(d access.Difference) (Code, rules.Who) {
	conditions := e.Live.Statements[d.Statement].Conditions
	switch d.Scope {
	case access.AnyAccount:
		switch {
		case e.isOwnOrganization(conditions, false) || e.isGuardedByOrganization(d):
			return CodePublicAccess, rules.AnyoneOfOrganization
		case restricts(conditions) || guarded(e.Live, actionsOf(d)):
			return CodePublicAccess, rules.AnyoneRestricted
		default:
			return CodePublicAccess, rules.Anyone
		}
	case access.NamedAccount:
		return CodeForeignAccess, e.foreigner(accountsOf(d.Principals))
	case access.AWSService:
		return e.whoOfServices(d)
	case access.OwnAccount:
	}
	switch {
	case !slices.ContainsFunc(d.Principals, isGroup):
		return CodeAccountAccess, rules.NamedPrincipal
	case isThroughService(conditions):
		return CodeAccountAccess, rules.WholeAccountThroughService
	default:
		return CodeAccountAccess, rules.WholeAccount
	}
}

// asOneService returns the differences with services told once for each statement and service,
// and for each statement that gives access to every service: the services that some integration
// names are no news then.
func asOneService(differences []access.Difference) []access.Difference {
	type told struct {
		statement  int
		principals string
	}
	every := map[int]bool{}
	for _, d := range differences {
		every[d.Statement] = every[d.Statement] || isEveryService(d)
	}
	first := map[told]int{} // index in list
	list := make([]access.Difference, 0, len(differences))
	for _, d := range differences {
		switch {
		case d.Scope != access.AWSService:
			list = append(list, d)
			continue
		case isEveryService(d):
			d.Principals = []string{"every AWS service"}
		case every[d.Statement]:
			continue
		}
		id := told{d.Statement, strings.Join(d.Principals, " ")}
		if at, ok := first[id]; ok {
			list[at].Actions = (actionsOf(list[at]) | actionsOf(d)).Names()
			continue
		}
		first[id] = len(list)
		list = append(list, d)
	}
	return list
}

// isEveryService tells whether a difference is about services that no policy names.
func isEveryService(d access.Difference) bool {
	return d.Scope == access.AWSService && slices.ContainsFunc(d.Principals, isGroup)
}

// isGroup tells whether package access means principals that no policy names, such as "every
// other principal of account 111122223333".
func isGroup(principal string) bool { return strings.HasPrefix(principal, "every ") }

// foreigner returns the kind of other accounts and organizations: members of the own
// organization only if all of them are known to be.
func (e *examination) foreigner(accounts []string) rules.Who {
	own := func(id string) bool { return slices.Contains(e.organization.Accounts, id) }
	if len(accounts) > 0 && !slices.ContainsFunc(accounts, func(id string) bool { return !own(id) }) {
		return rules.MemberAccount
	}
	return rules.ForeignAccount
}

// whoOfServices returns the kind of the worst of the services of a difference.
func (e *examination) whoOfServices(d access.Difference) (Code, rules.Who) {
	k := e.snapshot.Key
	facts := integration.Facts{Partition: k.Partition, Region: k.Region, Account: k.Account, OrganizationID: k.OrganizationID}
	code, worst := CodeServiceAccess, rules.ServiceBoundDocumented
	for _, service := range d.Principals {
		class := integration.Classify(integration.Use{Service: service, Actions: d.Actions, Conditions: e.Live.Statements[d.Statement].Conditions}, facts)
		who := serviceOf(class, namesOf(d.Actions))
		if class.Bound == integration.ForeignAccount {
			code, who = CodeForeignAccess, e.foreigner(class.Foreign)
		}
		worst = min(worst, who) // kinds are in the order of their distance
	}
	return code, worst
}

// serviceOf returns the kind of a service by its bound.
func serviceOf(class integration.Class, actions []string) rules.Who {
	documented := class.ByRow != nil
	switch class.Bound {
	case integration.SourceAccount:
		if !documented {
			return rules.ServiceOfAccount
		}
		return rules.ServiceBoundDocumented
	case integration.SourceARN, integration.Context:
		if !documented {
			return rules.ServiceBound
		}
		return rules.ServiceBoundDocumented
	case integration.Organization:
		if slices.ContainsFunc(actions, decrypts) {
			return rules.ServiceOfOrganizationDecrypts
		}
		return rules.ServiceOfOrganization
	default:
		if class.DocumentedUnbound != nil || class.Auxiliary != nil {
			return rules.ServiceUnboundDocumented
		}
		return rules.ServiceUnbound
	}
}

// decrypts tells whether an action makes something readable.
func decrypts(action string) bool {
	return slices.Contains([]string{"kms:Decrypt", "kms:ReEncryptFrom", "kms:DeriveSharedSecret", "kms:Decapsulate"}, action)
}

// isOwnOrganization tells whether one of the conditions lets in only principals of the own
// organization, or with negated set keeps out all others.
func (e *examination) isOwnOrganization(conditions []policy.Condition, negated bool) bool {
	own := e.snapshot.Key.OrganizationID
	return own != "" && slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		if c.Operator.Negated != negated || c.Operator.IfExists && !negated || c.Operator.Set == policy.ForAllValues || len(c.Values) == 0 {
			return false
		}
		key := strings.ToLower(c.Key)
		return !slices.ContainsFunc(c.Values, func(value string) bool {
			switch key {
			case "aws:principalorgid":
				return value != own
			case "aws:principalorgpaths":
				return !strings.HasPrefix(value, own+"/")
			default:
				return true
			}
		})
	})
}

// isGuardedByOrganization tells whether a Deny for everyone keeps all but the own
// organization from the actions of a difference.
func (e *examination) isGuardedByOrganization(d access.Difference) bool {
	deny := policy.Set{Version: e.Live.Version}
	for _, st := range e.Live.Statements {
		if st.Effect == policy.Deny && e.isOwnOrganization(st.Conditions, true) {
			deny.Statements = append(deny.Statements, st)
		}
	}
	return guarded(&policy.Document{Set: deny}, actionsOf(d))
}

// isThroughService tells whether one of the conditions lets in only calls that an AWS service
// makes for somebody.
func isThroughService(conditions []policy.Condition) bool {
	return slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		return strings.EqualFold(c.Key, "kms:ViaService") && !c.Operator.Negated && !c.Operator.IfExists && c.Operator.Set != policy.ForAllValues &&
			c.Operator.Family == policy.StringFamily && len(c.Values) > 0
	})
}

// able returns the actions that the key can perform, as far as its type is known.
func (e *examination) able(actions []string) []string {
	t := keyTypeOf(e.snapshot.Key)
	return filter(actions, func(action string) bool {
		_, never := t.Cannot(strings.TrimPrefix(action, "kms:"))
		return !never
	})
}

// keyTypeOf returns the type of a key as package catalog has it.
func keyTypeOf(k rules.Key) catalog.KeyType {
	return catalog.KeyType{Spec: string(k.Type.Spec), Usage: string(k.Type.Usage), Origin: string(k.Type.Origin), MultiRegion: string(k.Type.MultiRegion)}
}

// isForAWSResource tells whether one of the conditions limits grants to those that AWS
// services make for their resources.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
func isForAWSResource(conditions []policy.Condition) bool {
	return slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		o := c.Operator
		return strings.EqualFold(c.Key, "kms:GrantIsForAWSResource") && o.Family == policy.BoolFamily && !o.IfExists && o.Set != policy.ForAllValues &&
			len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return !strings.EqualFold(v, "true") })
	})
}

// namesOf returns the actions that a list of a difference is about, each by its name.
func namesOf(actions []string) []string {
	if !slices.Contains(actions, "kms:*") {
		return actions
	}
	names := catalog.KeyPolicyActions()
	for i := range names {
		names[i] = "kms:" + names[i]
	}
	return names
}

// accountInWords is how package access names an account of which it names no principal.
var accountInWords = regexp.MustCompile(`account ([0-9]{12})`)

// accountsOf returns the accounts of principals in the words of package access; "" for one
// of which the account is not told.
func accountsOf(principals []string) []string {
	var accounts []string
	for _, text := range principals {
		account := ""
		if strings.HasPrefix(text, "arn:") {
			account = rules.AccountOf(text)
		} else if match := accountInWords.FindStringSubmatch(text); match != nil {
			account = match[1]
		}
		accounts = append(accounts, account)
	}
	return accounts
}
