package guardrail

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// OrdinaryContext returns the condition keys of a call about a key by a principal of its
// account, made in an ordinary way at a moment: over TLS, in the key's Region, by nobody's
// mediation, from the account's organization if that is known. It has no key that says
// who calls or from where.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func OrdinaryContext(k rules.Key, now time.Time) map[string]any {
	context := map[string]any{
		"aws:SecureTransport": "true", "aws:ViaAWSService": "false",
		"aws:CurrentTime": now.UTC().Format(time.RFC3339), "aws:EpochTime": strconv.FormatInt(now.Unix(), 10),
	}
	for key, value := range map[string]string{
		"aws:RequestedRegion": k.Region, "aws:PrincipalOrgID": k.OrganizationID,
		"kms:KeySpec": string(k.Type.Spec), "kms:KeyUsage": string(k.Type.Usage), "kms:KeyOrigin": string(k.Type.Origin),
	} {
		if value != "" {
			context[key] = value
		}
	}
	return context
}

// mayChange tells whether a role that its account's IAM policies allow it may change the
// key policy in an ordinary call. more are further condition keys.
func mayChange(k rules.Key, d *policy.Document, kind evaluation.PrincipalType, arn string, now time.Time, more map[string]any) bool {
	return mayCall(k, d, rules.PutKeyPolicy, kind, arn, now, more)
}

// mayCall is mayChange for any action. The call has all keys that a real one carries; of those
// that say who calls and from where, its values are nobody's.
func mayCall(k rules.Key, d *policy.Document, action string, kind evaluation.PrincipalType, arn string, now time.Time, more map[string]any) bool {
	context := OrdinaryContext(k, now)
	maps.Copy(context, map[string]any{
		"aws:UserAgent": "aws-cli/2.31.0", "aws:userid": "AROAEXAMPLEEXAMPLEEX:session", "aws:SourceIp": "192.0.2.77",
		"aws:TokenIssueTime": now.UTC().Add(-5 * time.Minute).Format(time.RFC3339), "aws:PrincipalType": "AssumedRole",
		"aws:PrincipalArn": arn, "aws:PrincipalAccount": rules.AccountOf(arn), "kms:CallerAccount": rules.AccountOf(arn),
		"aws:ResourceAccount": k.Account, "aws:PrincipalIsAWSService": "false",
	})
	if kind == evaluation.UserPrincipal {
		context["aws:PrincipalType"], context["aws:userid"] = "User", "AIDAEXAMPLEEXAMPLEEX"
		context["aws:username"] = arn[strings.LastIndexByte(arn, '/')+1:]
	}
	maps.Copy(context, more)
	decision, _ := evaluation.Evaluate(k.PolicyKey(), d.Set, evaluation.Request{
		Principal: arn, PrincipalType: kind, PrincipalAccount: rules.AccountOf(arn),
		IdentityPolicyAllows: true, Action: action, Resource: k.ARN, Context: context,
	})
	return decision.Allows()
}

// signedIn are the condition keys of a user who signed in with MFA a minute ago.
var signedIn = map[string]any{"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"}

// hasControl tells whether the account controls the key policy through IAM: whether some role,
// or some user who signed in with MFA, may change it in an ordinary call, now and later.
func hasControl(k rules.Key, d *policy.Document, now time.Time) bool {
	return accountMay(k, d, rules.PutKeyPolicy, now, nil) && accountMay(k, d, rules.PutKeyPolicy, farFuture, nil)
}

// accountMay tells whether some role of the account, or some user who signed in with MFA, may
// do something in a call that is ordinary but for some condition keys.
func accountMay(k rules.Key, d *policy.Document, action string, now time.Time, more map[string]any) bool {
	prefix := "arn:" + k.Partition + ":iam::" + k.Account + ":"
	both := func(kind evaluation.PrincipalType, path string, more map[string]any) bool {
		return !slices.ContainsFunc(exampleNames, func(name string) bool { return !mayCall(k, d, action, kind, prefix+path+name, now, more) })
	}
	withMFA := maps.Clone(signedIn)
	maps.Copy(withMFA, more)
	return both(evaluation.RolePrincipal, "role/", more) || both(evaluation.UserPrincipal, "user/", withMFA)
}

// exampleNames are names that have no letter in common, so that a pattern for names such as
// *kms-guardrail* does not fit both.
var exampleNames = []string{"kms-guardrail-example", "Op_Q"}

// judgeControl says how bad it is that the account lost control of the policy to a Deny. It is
// info where a call through a service has control, which AWS documents. It is low where an
// administrator that the baseline names keeps control: careful people write such a Deny. It is
// medium where whoever calls from some network, or from an organization that may be the
// account's own, has control. It is high where only callers have it that the baseline does not
// name, such as those with some tag or some name: somebody may have kept the key for himself.
func (j *Judgement) judgeControl(k rules.Key) (Code, rules.Severity) {
	may := func(keys []string) bool {
		for _, at := range []time.Time{j.At, farFuture} {
			if !j.accountMaySomehow(k, rules.PutKeyPolicy, at, keys) {
				return false
			}
		}
		return true
	}
	switch {
	case may(serviceKeys):
		return CodeHardeningDeny, rules.Info
	case j.controlledByAdministrator(k):
		return CodeHardeningDeny, rules.Low
	case may(placeKeys):
		return CodeControlRestricted, rules.Medium
	case j.controlledBySomebody(k):
		return CodeControlRestricted, rules.High
	default:
		return CodeAccountStatementMissing, rules.High
	}
}

// controlledByNamed tells whether a named administrator may change the policy. The baseline
// names the administrator, or the policy names one that the baseline permits.
func (j *Judgement) controlledByNamed(k rules.Key) bool {
	if j.controlledByAdministrator(k) {
		return true
	}
	permitted := j.Selection.Baseline.Administrators.All(k)
	return slices.ContainsFunc(j.Live.Statements, func(st policy.Statement) bool {
		return st.Effect == policy.Allow && !st.Principals.Negated && slices.ContainsFunc(st.Principals.Entries, func(p policy.Principal) bool {
			isPermitted := slices.ContainsFunc(permitted, func(pattern string) bool { return policy.IsLike(pattern, p.Text) })
			return isPermitted && (p.Kind == policy.Role && mayChange(k, j.Live, evaluation.RolePrincipal, p.Text, j.At, nil) ||
				p.Kind == policy.User && mayChange(k, j.Live, evaluation.UserPrincipal, p.Text, j.At, nil))
		})
	})
}

// controlledByAdministrator tells whether an administrator may change the policy that the
// baseline names by a full ARN. An administrator that only a pattern fits does not count.
func (j *Judgement) controlledByAdministrator(k rules.Key) bool {
	own := filter(j.Selection.Baseline.Administrators.All(k), func(arn string) bool { return rules.AccountOf(arn) == k.Account })
	return j.oneMay(k, own, rules.PutKeyPolicy, j.At)
}

// oneMay tells whether one of some roles, or of some users who signed in with MFA, may do
// something in an ordinary call. They are named by full ARNs; a pattern of ARNs is nobody.
func (j *Judgement) oneMay(k rules.Key, arns []string, action string, at time.Time) bool {
	return slices.ContainsFunc(arns, func(arn string) bool {
		p, err := policy.ParseAWSPrincipal(arn)
		switch {
		case err != nil:
			return false
		case p.Kind == policy.Role:
			return mayCall(k, j.Live, action, evaluation.RolePrincipal, arn, at, nil)
		default:
			return p.Kind == policy.User && mayCall(k, j.Live, action, evaluation.UserPrincipal, arn, at, signedIn)
		}
	})
}

// controlledBySomebody tells whether principals whom no policy names may change the
// policy in some call that is ordinary but for who calls and from where: conditions on
// what is the same in all ordinary calls are held to be as they are.
func (j *Judgement) controlledBySomebody(k rules.Key) bool {
	return slices.ContainsFunc(j.ordinaryAccess(k, j.At), func(d access.Difference) bool { return d.Scope == access.OwnAccount && rules.IsAboutControl(d) })
}

// ordinaryAccess returns what a policy allows in calls that are ordinary, but for who calls
// and from where, at a moment.
func (j *Judgement) ordinaryAccess(k rules.Key, at time.Time) []access.Difference {
	pinned := policy.Set{Version: policy.Version2012, Statements: slices.Concat(j.Live.Statements, pins(j.Live, OrdinaryContext(k, at)))}
	return access.Compare(k.PolicyKey(), policy.Set{}, pinned).Excess
}

// pins are Deny statements that leave only requests in which the condition keys that a
// policy asks about have their ordinary values. What says who calls is not pinned.
func pins(d *policy.Document, ordinary map[string]any) []policy.Statement {
	var list []policy.Statement
	deny := func(operator, key string, values ...string) {
		o, err := policy.ParseOperator(operator)
		if err != nil {
			panic("guardrail: " + err.Error()) // the operators are below
		}
		list = append(list, policy.Statement{
			Effect: policy.Deny, Principals: policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}},
			Actions: policy.Values("kms:*"), Resources: policy.Values("*"), Conditions: []policy.Condition{{Operator: o, Key: key, Values: values}},
		})
	}
	for key, value := range ordinary {
		if key == "aws:PrincipalOrgID" {
			continue
		}
		for _, st := range d.Statements {
			for _, c := range st.Conditions {
				if !strings.EqualFold(c.Key, key) {
					continue
				}
				switch c.Operator.Family {
				case policy.BoolFamily:
					deny("Bool", key, map[any]string{"true": "false", "false": "true"}[value])
					deny("Null", key, "true")
				case policy.DateFamily:
					deny("DateNotEquals", key, fmt.Sprint(value))
				case policy.NumericFamily:
					deny("NumericNotEquals", key, fmt.Sprint(value))
				case policy.StringFamily:
					deny("StringNotEquals", key, fmt.Sprint(value))
				default:
					deny("Null", key, "true")
				}
			}
		}
	}
	return list
}
