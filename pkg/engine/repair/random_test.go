package repair_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
	"pgregory.net/rapid"
)

// corpusStatements returns the statements of the corpus that parse.
func corpusStatements(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, s := range corpus.Statements(t) {
		if _, err := policy.Parse(`{"Statement":` + s.Text + `}`); err == nil {
			list = append(list, s.Text)
		}
	}
	return list
}

// What random statements are made of.
var (
	somePrincipals = []string{
		`"*"`, `{"AWS":"111122223333"}`, `{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:user/eve"]}`,
		`{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::444455556666:root","AIDAQ3EGRUZL2Z5FEXAMPLE"]}`,
		`{"AWS":["*"],"Service":["logs.us-east-1.amazonaws.com","cloudtrail.amazonaws.com"]}`,
		`{"AWS":"arn:aws:iam::444455556666:role/Worker","Federated":"accounts.google.com"}`,
		`{"AWS":"arn:aws:sts::111122223333:assumed-role/Worker/jane"}`, `{"Service":"cloudtrail.amazonaws.com"}`, `{"AWS":"AROAQ3EGRUZL2Z5FEXAMPLE"}`,
	}
	someActions = []string{
		`"Action":"kms:*"`, `"Action":["kms:Decrypt","kms:PutKeyPolicy"]`, `"Action":["kms:Encrypt","kms:De*","kms:CreateGrant"]`,
		`"NotAction":["kms:Decrypt","kms:Put*"]`, `"Action":["kms:GenerateDataKey*","kms:Describe*","kms:Sign"]`, `"Action":"kms:CallerAccount"`,
	}
	someConditions = []string{
		``, ``, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`,
		`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}`, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-2","o-3"]}}`,
		`,"Condition":{"StringNotEquals":{"kms:CallerAccount":"111122223333"}}`, `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}`,
		`,"Condition":{"StringLike":{"kms:ViaService":"s3.*.amazonaws.com"}}`, `,"Condition":{"StringLike":{"kms:ViaService":"*.us-east-1.amazonaws.com"}}`,
		`,"Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["a","b"]}}`, `,"Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"b"}}`,
		`,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}`, `,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"600"}}`,
		`,"Condition":{"Null":{"aws:SourceArn":"true"}}`, `,"Condition":{"Null":{"aws:SourceArn":"false"}}`,
	}
)

func randomStatement(t *rapid.T, corpus []string, denies int) string {
	if rapid.Bool().Draw(t, "from corpus") {
		return rapid.SampledFrom(corpus).Draw(t, "statement")
	}
	effect := "Allow"
	if rapid.IntRange(0, 9).Draw(t, "effect") < denies {
		effect = "Deny"
	}
	return fmt.Sprintf(`{"Sid":%q,"Effect":%q,"Principal":%s,%s,"Resource":"*"%s}`, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "sid"), effect,
		rapid.SampledFrom(somePrincipals).Draw(t, "principal"), rapid.SampledFrom(someActions).Draw(t, "action"), rapid.SampledFrom(someConditions).Draw(t, "condition"))
}

func randomDocument(t *rapid.T, corpus []string, denies int) string {
	var list []string
	if rapid.Bool().Draw(t, "account statement") {
		list = append(list, accountStatement)
	}
	for range rapid.IntRange(1, 4).Draw(t, "statements") {
		list = append(list, randomStatement(t, corpus, denies))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// randomRequest has either the usual bounds, or a random ceiling above the account.
func randomRequest(t *rapid.T, tb testing.TB, corpus []string) repair.Request {
	r := repair.Request{Key: ownKey, Live: document(tb, randomDocument(t, corpus, 3)), Bounds: bounds(tb), Writer: writer}
	if rapid.Bool().Draw(t, "random ceiling") {
		list := []string{root}
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			list = append(list, randomStatement(t, corpus, 1))
		}
		r.Bounds.Ceiling = document(tb, `{"Version":"2012-10-17","Statement":[`+strings.Join(list, ",")+`]}`).Set
	}
	if rapid.IntRange(0, 3).Draw(t, "no floor") == 0 {
		r.Bounds.Floors = nil
	}
	return r
}

func TestAPlanKeepsWhatItPromises(t *testing.T) {
	statements := corpusStatements(t)
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		r := randomRequest(rt, t, statements)
		plan, err := repair.Trim(r)
		again, errAgain := repair.Trim(r)
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !cmp.Equal(plan, again, cmpopts.IgnoreFields(repair.Plan{}, "Document"), cmpopts.EquateEmpty()) {
			rt.Fatalf("not deterministic: %v, %v", err, errAgain)
		}
		var refusal *repair.Refusal
		if errors.As(err, &refusal) {
			outcomes[string(refusal.Reason)]++
			return
		}
		if err != nil {
			rt.Fatalf("%v is not a refusal", err)
		}
		outcomes["plan"]++
		if again.Document.Text() != plan.Document.Text() {
			rt.Fatalf("not deterministic: %s\n%s", plan.Document.Text(), again.Document.Text())
		}
		checkPlanOf(rt, r, plan)
		if len(plan.Lost) > 0 {
			outcomes["plan with something lost"]++
			return
		}
		keepsAccess(rt, r, plan)
	})
	t.Log(outcomes)
}

// keepsAccess checks by samples that what the policy and the ceiling both allow, the plan
// allows, and that without a floor nothing comes that was not there.
func keepsAccess(t *rapid.T, r repair.Request, plan repair.Plan) {
	if len(r.Bounds.Floors) == 0 {
		if got := access.Within(r.Key, plan.Document.Set, plan.Document.Set, r.Live.Set); len(got.Excess) > 0 {
			t.Fatalf("the plan gives more: %+v\nlive %s\nplan %s", got.Excess, r.Live.Text(), plan.Document.Text())
		}
	}
	requests := sampledRequests(r.Live.Set, r.Bounds.Ceiling)
	for _, d := range plan.Removed {
		requests = append(requests, d.Witness)
		question, err := evaluation.Ask(r.Key, d.Witness)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if before, _ := question.Decide(r.Live.Set); !before.Allows() {
			t.Fatalf("removed, and was not there: %+v", d)
		}
	}
	for _, request := range requests {
		question, err := evaluation.Ask(r.Key, request)
		if err != nil {
			t.Fatalf("%v", err)
		}
		live, _ := question.Decide(r.Live.Set)
		ceiling, _ := question.Decide(r.Bounds.Ceiling)
		now, _ := question.Decide(plan.Document.Set)
		if live.Allows() && ceiling.Allows() && !now.Allows() && now != evaluation.Inconclusive {
			t.Fatalf("lost %+v\nlive %s\nceiling %s\nplan %s\n%v", request, r.Live.Text(), r.Bounds.Ceiling.Format(), plan.Document.Text(), plan.Edits)
		}
	}
}

// sampledRequests are requests of all kinds of principals, with the values that conditions
// ask for, one key at a time and all at once.
func sampledRequests(sets ...policy.Set) []evaluation.Request {
	var list []evaluation.Request
	contexts := sampledContexts(sets)
	for _, p := range samplePrincipals {
		for _, action := range []string{"kms:Decrypt", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Sign", "kms:Encrypt"} {
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
