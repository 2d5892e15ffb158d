package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// uselessCodes are the findings of package lint because of which a statement of a baseline
// gives nobody what it says, or makes KMS refuse every policy that has it. A policy that
// somebody else wrote may carry them; a baseline must not ask for them.
var uselessCodes = []lint.Code{
	lint.DeadStatement, lint.UnknownAction, lint.ConditionKeyAsAction, lint.ConditionKeyNotAllowed, lint.OverlyPermissiveCondition,
	lint.DeadPrincipal, lint.UnsupportedPrincipal, lint.NotPrincipalWithAllow, lint.ForeignPartitionPrincipal,
}

// checkTemplates finds statements that are malformed or useless, or that leave open what
// they allow. A permitted statement may be for the keys of some partitions only.
func (b *Baseline) checkTemplates(found *problems, place func(...string) []string) {
	k := b.exampleKey()
	for i, t := range b.Require {
		if detail := checkTemplate(k, t, true); detail != "" {
			found.add(detail, place("require", strconv.Itoa(i))...)
		}
	}
	for i, t := range b.Permit {
		own := k
		if p := firstMatch(partitionOfARN, []string{string(t)}); slices.Contains(defaultpolicy.Partitions(), p) {
			own = newExampleKey(p, k.Account)
		}
		if detail := checkTemplate(own, t, false); detail != "" {
			found.add(detail, place("permit", strconv.Itoa(i))...)
		}
	}
}

// checkTemplate says what is wrong with a statement, "" for nothing.
func checkTemplate(k Key, t Template, required bool) string {
	d, err := policy.Parse(`{"Version":"` + policy.Version2012 + `","Statement":` + k.Expand(string(t)) + `}`)
	if err != nil {
		return "the statement cannot be read: " + err.Error()
	}
	var details []string
	for _, f := range lint.Check(k.PolicyKey(), d) {
		if slices.Contains(uselessCodes, f.Code) && !slices.Contains(details, f.Detail) {
			details = append(details, f.Detail)
		}
	}
	if len(details) > 0 {
		return strings.Join(details, "; ")
	}
	return undecidedTemplate(k, d, required)
}

// undecidedTemplate says why it could not be proved of a policy that it has a required
// statement, or is within a permitted one; "" where it can be. Beside the account statement
// alone, nothing else decides it. Of a permitted statement conditions may stay open: a
// policy that has the statement is within it all the same, and one that allows more is
// found out by the requests that do not meet the conditions.
func undecidedTemplate(k Key, d *policy.Document, required bool) string {
	account, err := policy.ParseAWSPrincipal("arn:" + k.Partition + ":iam::" + k.Account + ":root")
	if err != nil {
		return err.Error()
	}
	without := policy.Set{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{account}},
		Actions: policy.Values("kms:*"), Resources: policy.Values("*"),
	}}}
	result := access.Compare(k.examplePolicyKey(), without, with(without, d.Statements))
	if result.Verdict != access.Undecided {
		return ""
	}
	open := result.Inconclusive[0]
	switch {
	case required:
		return "whether a policy has what this statement requires could not be proved: " + open.Detail
	case open.Reason != "conditions" && d.Statements[0].Effect == policy.Allow:
		return "whether a policy is within what this statement permits could not be proved: " + open.Detail
	default:
		return ""
	}
}

// impossible are conditions of requests to change the key policy that nobody of the key's
// account makes: KMS has HTTPS endpoints only, a service is nobody of the account, every
// request names a Region, and no request was made before these lines. Of all the time
// since then, a first and a last moment are enough.
// https://docs.aws.amazon.com/general/latest/gr/kms.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var impossible = []string{
	`"StringNotEquals":{"aws:SecureTransport":"true"}`,
	`"Bool":{"aws:PrincipalIsAWSService":"true"}`,
	`"DateNotEquals":{"aws:CurrentTime":["2026-11-27T12:00:00Z","2999-12-31T12:00:00Z"]}`,
	`"Null":{"aws:RequestedRegion":"true"}`,
}

// impossibleWith are further ones, of a baseline whose required Denies have a placeholder.
// With a literal value in its place, the key that is taken for an example need not be one
// that the baseline is meant for.
var impossibleWith = []struct{ placeholder, condition string }{
	{"${OrganizationId}", `"StringNotEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}`},
	{"${Region}", `"StringNotEquals":{"aws:RequestedRegion":"${Region}"}`},
}

// checkControl proves that somebody can change a policy that has what the baseline
// requires. A Deny under a condition that every request meets takes control of the key as
// surely as one without: from then on nobody could repair the key, the guardrail neither.
func (b *Baseline) checkControl(found *problems, place func(...string) []string) {
	k := b.exampleKey()
	_, denies, err := b.required(k)
	if err != nil || len(denies) == 0 {
		return // checkLimits has told of the error
	}
	limits, err := b.Limits(k)
	if err != nil {
		return
	}
	witness := changeOfPolicy(k, newRole(k, "Administrator"), true)
	if b.someoneMay(k, limits.Reset) {
		return
	}
	possible, err := b.possibleRequests(k, limits.Reset)
	if err != nil {
		found.add("whether somebody could change the key policy could not be asked: "+err.Error(), place("require")...)
		return
	}
	who, unsure := access.WhoMay(k.examplePolicyKey(), possible, PutKeyPolicy)
	switch {
	case len(who) > 0:
	case unsure:
		found.add("whether the required Denies leave somebody who can change the key policy is not decided", place("require")...)
	default:
		*found = append(*found, Problem{
			Place:   place("require"),
			Detail:  "nobody could ever change a policy that has the required statements, nor repair it: they forbid " + PutKeyPolicy + " to everyone, whatever IAM allows",
			Witness: &witness,
		})
	}
}

// possibleRequests returns a policy that allows of what another one does only requests
// that can be made.
func (b *Baseline) possibleRequests(k Key, s policy.Set) (policy.Set, error) {
	conditions := slices.Clone(impossible)
	for _, i := range impossibleWith {
		if slices.ContainsFunc(b.Require, func(t Template) bool {
			return strings.Contains(string(t), `"Deny"`) && strings.Contains(string(t), i.placeholder)
		}) {
			conditions = append(conditions, i.condition)
		}
	}
	var templates []Template
	for _, c := range conditions {
		templates = append(templates, Template(fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{%s}}`, PutKeyPolicy, c)))
	}
	_, denies, err := readTemplates(k, "impossible", templates)
	if err != nil {
		return policy.Set{}, err
	}
	return with(s, denies), nil
}

// someoneMay tries out what most Denies leave: a role that IAM allows it, or a required
// administrator, with or without a second factor.
func (b *Baseline) someoneMay(k Key, s policy.Set) bool {
	who := []policy.Principal{newRole(k, "Administrator")}
	for _, arn := range k.expandAll(b.Administrators.Required) {
		if p, err := policy.ParseAWSPrincipal(arn); err == nil {
			who = append(who, p)
		}
	}
	return slices.ContainsFunc(who, func(p policy.Principal) bool {
		for _, mfa := range []bool{true, false} {
			if decision, _ := evaluation.Evaluate(k.examplePolicyKey(), s, changeOfPolicy(k, p, mfa)); decision.Allows() {
				return true
			}
		}
		return false
	})
}

// newRole is a role of the key's account.
func newRole(k Key, name string) policy.Principal {
	return policy.Principal{Kind: policy.Role, Text: "arn:" + k.Partition + ":iam::" + k.Account + ":role/" + name}
}

// changeOfPolicy is the request of a user or role of the account, whom IAM allows it, to
// change the key policy.
func changeOfPolicy(k Key, who policy.Principal, mfa bool) evaluation.Request {
	kind, name := evaluation.RolePrincipal, "AssumedRole"
	if who.Kind == policy.User {
		kind, name = evaluation.UserPrincipal, "User"
	}
	r := evaluation.Request{
		Principal: who.Text, PrincipalType: kind, PrincipalAccount: k.Account,
		IdentityPolicyAllows: true, Action: PutKeyPolicy, Resource: k.ARN,
		Context: map[string]any{
			"aws:PrincipalArn": who.Text, "aws:PrincipalType": name, "aws:PrincipalAccount": k.Account, "kms:CallerAccount": k.Account,
			"aws:PrincipalOrgID": k.OrganizationID, "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false",
			"aws:SecureTransport": "true", "aws:RequestedRegion": k.Region, "aws:CurrentTime": "2026-11-27T12:00:00Z",
		},
	}
	if who.Kind == policy.User {
		r.Context["aws:username"] = who.Name
	}
	if mfa {
		r.Context["aws:MultiFactorAuthPresent"] = "true"
	}
	return r
}
