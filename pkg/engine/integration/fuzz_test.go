package integration_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const thirdAccount, otherOrganization = "777788889999", "o-zzzzzzzzzz"

// What the conditions of a random statement are made of.
var (
	someServices = []string{"s3.amazonaws.com", "sns.amazonaws.com", "cloudtrail.amazonaws.com", "logs.us-east-1.amazonaws.com", "events.amazonaws.com", "nosuch.amazonaws.com"}
	someActions  = []string{"kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:Sign", "kms:*", "kms:CreateGrant", "s3:*"}
	someKeys     = []string{
		"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "AWS:SourceARN", "aws:PrincipalOrgID",
		"kms:EncryptionContext:aws:cloudtrail:arn", "kms:EncryptionContext:aws:logs:arn", "kms:EncryptionContext:aws:events:event-bus:arn", "kms:EncryptionContext:x",
	}
	someOperators = []string{
		"StringEquals", "StringLike", "StringEqualsIgnoreCase", "StringNotEquals", "StringNotLike", "ArnLike", "ArnEquals", "ArnNotLike", "StringEqualsIfExists", "ArnLikeIfExists",
		"ForAnyValue:StringLike", "ForAnyValue:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotLike", "ForAllValues:ArnLike", "ForAnyValue:ArnLike",
	}
	someValues = []string{
		account, otherAccount, "*", "1111222233*", "", organization, "o-*", otherOrganization, organization + "/*", organization + "*", organization + "/r-ab12/ou-1/*", "*/r-ab12/*",
		"arn:aws:sns:us-east-1:" + account + ":topic", "arn:aws:sns:*:" + account + ":*", "arn:*:*:*:" + account + ":*", "arn:aws:*:" + account + ":*", "arn:aws:s3:::bucket",
		"arn:aws:sns:us-east-1:" + otherAccount + ":*", "arn:aws:sns:*:*:*", "arn:aws:sns:us-east-1:11112222333?:*", "*:" + account + ":*", "${aws:PrincipalAccount}",
		"arn:aws:sns:us-east-1:${aws:PrincipalAccount}:*", "arn:aws:cloudtrail:*:" + account + ":trail/*", "arn:aws:logs:us-east-1:" + account + ":*", "arn:aws:events:*:" + account + ":event-bus/*",
	}
)

// pick returns an entry of a list by the next byte, the first one where there is none.
func pick(data *[]byte, list []string) string {
	if len(*data) == 0 {
		return list[0]
	}
	n := int((*data)[0])
	*data = (*data)[1:]
	return list[n%len(list)]
}

// madeOf makes a statement out of bytes: a service, an action, and up to three conditions with
// up to two values. It returns false where a policy cannot have them.
func madeOf(data []byte) (policy.Statement, bool) {
	st := policy.Statement{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{{Kind: policy.Service, Text: pick(&data, someServices)}}},
		Actions: policy.Values(pick(&data, someActions)), Resources: policy.Values("*"),
	}
	for len(data) > 0 && len(st.Conditions) < 3 {
		operator, err := policy.ParseOperator(pick(&data, someOperators))
		if err != nil {
			return st, false
		}
		c := policy.Condition{Operator: operator, Key: pick(&data, someKeys), Values: []string{pick(&data, someValues)}}
		if len(data) > 0 && data[0]%2 == 0 {
			c.Values = append(c.Values, pick(&data, someValues))
		}
		st.Conditions = append(st.Conditions, c)
	}
	_, err := policy.New(policy.Version2012, "", st) // the same key twice under one operator is no policy
	return st, err == nil
}

// requestsOf returns requests of a service that acts for an account of an organization: with
// all Source keys, with one less, and with none. Names of resources contain what an attacker
// may put there; a trail's name has no colon.
func requestsOf(service, owner, organizationID string) []map[string]any {
	var list []map[string]any
	for _, resource := range []string{"a:" + account + ":b", "trail/t", "event-bus/b:" + account + ":event-bus/x"} {
		arn := "arn:aws:sns:us-east-1:" + owner + ":" + resource
		full := map[string]any{
			"aws:SourceAccount": owner, "aws:SourceArn": arn, "aws:SourceOrgID": organizationID, "aws:SourceOrgPaths": []string{organizationID + "/r-ab12/ou-1/"},
			"kms:EncryptionContext:aws:logs:arn":             "arn:aws:logs:us-east-1:" + owner + ":" + resource,
			"kms:EncryptionContext:aws:events:event-bus:arn": "arn:aws:events:us-east-1:" + owner + ":" + resource,
			"kms:EncryptionContext:aws:cloudtrail:arn":       "arn:aws:cloudtrail:us-east-1:" + owner + ":" + strings.ReplaceAll(resource, ":", "-"),
			"kms:EncryptionContext:x":                        "arn:aws:sns:us-east-1:" + account + ":topic", // the caller chooses it
		}
		if !strings.HasPrefix(service, "cloudtrail.") {
			delete(full, "kms:EncryptionContext:aws:cloudtrail:arn")
		}
		list = append(list, full, map[string]any{})
		for key := range full {
			less := maps.Clone(full)
			delete(less, key)
			list = append(list, less)
		}
	}
	return list
}

// checkSound holds a classification against the evaluator: a statement that is said to be
// bound must refuse the service when it acts for anybody else.
func checkSound(t *testing.T, st policy.Statement) integration.Class {
	t.Helper()
	f, service := places[0], st.Principals.Entries[0].Text
	got := integration.Classify(integration.Use{Service: service, Actions: st.Actions.Values, Conditions: st.Conditions}, f)
	owner, organizationID := otherAccount, otherOrganization
	switch got.Bound {
	case integration.None:
		return got
	case integration.ForeignAccount:
		owner = thirdAccount
		if slices.Contains(got.Foreign, otherOrganization) {
			organizationID = "o-yyyyyyyyyy"
		}
	case integration.SourceAccount, integration.Context, integration.SourceARN:
		organizationID = organization // another account of the own organization is another account
	case integration.Organization:
	}
	d, err := policy.New(policy.Version2012, "", st)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey"} {
		for _, context := range requestsOf(service, owner, organizationID) {
			r := evaluation.Request{Principal: service, PrincipalType: evaluation.ServicePrincipal, IdentityPolicyAllows: true, Action: action, Resource: keyAt(t, f).ARN, Context: context}
			if decision, _ := evaluation.Evaluate(keyAt(t, f), d.Set, r); decision.Allows() {
				t.Fatalf("%s is called bound by %s (foreign %q), but is allowed %s for %s with %v:\n%s", service, got.Bound, got.Foreign, action, owner, context, d.Text())
			}
		}
	}
	return got
}

func FuzzWhatIsBoundRefusesOthers(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 5, 1, 13, 1, 1, 3, 8})
	f.Add([]byte{2, 1, 1, 6, 23})
	f.Fuzz(func(t *testing.T, data []byte) {
		if st, ok := madeOf(data); ok {
			checkSound(t, st)
		}
	})
}

func TestWhatIsBoundRefusesOthers(t *testing.T) {
	random, seen := rand.New(rand.NewPCG(10, 2)), map[integration.Bound]int{}
	for range 3000 {
		data := make([]byte, 2+random.IntN(12))
		for i := range data {
			data[i] = byte(random.IntN(256))
		}
		if st, ok := madeOf(data); ok {
			seen[checkSound(t, st).Bound]++
		}
	}
	for bound := integration.None; bound <= integration.SourceARN; bound++ {
		if seen[bound] < 3 {
			t.Errorf("%d random statements are bound by %s: too few to say something", seen[bound], bound)
		}
	}
}

// What is bound to the account by a resource's ARN is within the generic row, for any service.
func TestWhatIsBoundByARNIsWithinBoundServices(t *testing.T) {
	random, f, judged := rand.New(rand.NewPCG(10, 3)), places[0], 0
	ceiling := withDefault(t, f, statements(t, lookup(t, "bound-services"), f)...)
	for judged < 25 {
		// A service, an action that is a use or metadata, and StringEquals, StringLike, ArnLike
		// or ArnEquals over one of the first keys.
		data := []byte{byte(random.IntN(6)), byte(random.IntN(4)), []byte{0, 1, 5, 6}[random.IntN(4)], byte(random.IntN(5)), byte(random.IntN(256)), byte(random.IntN(256))}
		st, ok := madeOf(data)
		if !ok || checkSound(t, st).Bound != integration.SourceARN {
			continue
		}
		judged++
		if got := access.Within(keyAt(t, f), withDefault(t, f).Set, withDefault(t, f, st).Set, ceiling.Set); got.Verdict != access.Inside {
			t.Errorf("%v is bound by its ARN, but %s: %+v", st.Conditions, got.Verdict, got)
		}
	}
}
