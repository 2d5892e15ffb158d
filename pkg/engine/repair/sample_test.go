package repair_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// sampledRequests are requests of all kinds of principals, with the values that conditions
// ask for, one key at a time and all at once.
func sampledRequests(sets ...policy.Set) []evaluation.Request {
	var list []evaluation.Request
	contexts := sampledContexts(sets)
	for _, p := range samplePrincipals {
		for _, action := range []string{"kms:Decrypt", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt", "kms:Encrypt"} {
			for _, context := range contexts {
				request := p
				request.Action, request.Resource = action, ownKey.ARN
				request.Context = map[string]any{}
				for name, value := range context {
					if p.PrincipalType != evaluation.ServicePrincipal || !ofIdentities[name] {
						request.Context[name] = value
					}
				}
				for name, value := range p.Context {
					for other := range request.Context {
						if strings.EqualFold(name, other) {
							delete(request.Context, other)
						}
					}
					request.Context[name] = value
				}
				if _, err := evaluation.Ask(ownKey, request); err == nil {
					list = append(list, request)
				}
			}
		}
	}
	return list
}

// ofIdentities are the keys that a service does not carry (assumption of package access).
var ofIdentities = map[string]bool{
	"aws:principalarn": true, "aws:principaltype": true, "aws:principalaccount": true, "kms:calleraccount": true, "aws:username": true,
}

// samplePrincipals are principals with the condition keys that they determine.
var samplePrincipals = func() []evaluation.Request {
	var list []evaluation.Request
	for _, p := range []struct {
		kind           evaluation.PrincipalType
		arn, role      string
		principalClass string
	}{
		{evaluation.RolePrincipal, worker, worker, "AssumedRole"},
		{evaluation.RolePrincipal, "arn:aws:iam::111122223333:role/path/Other", "arn:aws:iam::111122223333:role/path/Other", "AssumedRole"},
		{evaluation.SessionPrincipal, "arn:aws:sts::111122223333:assumed-role/Worker/jane", worker, "AssumedRole"},
		{evaluation.UserPrincipal, "arn:aws:iam::111122223333:user/eve", "arn:aws:iam::111122223333:user/eve", "User"},
		{evaluation.RolePrincipal, "arn:aws:iam::444455556666:role/Worker", "arn:aws:iam::444455556666:role/Worker", "AssumedRole"},
		{evaluation.UserPrincipal, "arn:aws:iam::777788889999:user/mallory", "arn:aws:iam::777788889999:user/mallory", "User"},
		{evaluation.RootPrincipal, "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", "Account"},
	} {
		id := strings.Split(p.arn, ":")[4]
		context := map[string]any{
			"aws:PrincipalArn": p.role, "aws:PrincipalType": p.principalClass, "aws:PrincipalAccount": id, "kms:CallerAccount": id, "aws:PrincipalIsAWSService": "false",
		}
		if p.kind == evaluation.UserPrincipal {
			context["aws:username"] = p.arn[strings.LastIndexByte(p.arn, '/')+1:]
		}
		for _, iam := range []bool{true, false} {
			if iam || p.kind != evaluation.RootPrincipal {
				list = append(list, evaluation.Request{Principal: p.arn, PrincipalType: p.kind, PrincipalAccount: id, IdentityPolicyAllows: iam, Context: context})
			}
		}
	}
	for _, service := range []string{"logs.us-east-1.amazonaws.com", "cloudtrail.amazonaws.com", "ses.amazonaws.com"} {
		list = append(list, evaluation.Request{
			Principal: service, PrincipalType: evaluation.ServicePrincipal, IdentityPolicyAllows: true,
			Context: map[string]any{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": service},
		})
	}
	return list
}()

// sampledContexts are contexts made of the values of conditions, wildcards filled in.
func sampledContexts(sets []policy.Set) []map[string]any {
	contexts := []map[string]any{{}}
	all := map[string]any{}
	for _, d := range sets {
		for _, st := range d.Statements {
			own := map[string]any{}
			for _, c := range st.Conditions {
				if c.Operator.Family == policy.NullFamily || len(c.Values) == 0 {
					continue
				}
				var value any = strings.NewReplacer("*", "x", "?", "x").Replace(c.Values[len(c.Values)-1])
				if c.Operator.Set != policy.NoSet {
					value = []string{fmt.Sprint(value)}
				}
				key := strings.ToLower(c.Key)
				own[key], all[key] = value, value
			}
			if len(own) > 0 {
				contexts = append(contexts, own)
			}
		}
	}
	return slices.Concat(contexts, []map[string]any{all})
}
