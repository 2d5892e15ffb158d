package evaluation

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// conditionRow is one Condition element, for one context. want is Allowed where it holds,
// ImplicitlyDenied where it does not, Inconclusive where that is open.
type conditionRow struct {
	reason, condition, context string
	want                       Decision
}

const (
	holds    = Allowed
	fails    = ImplicitlyDenied
	openEnds = Inconclusive
)

// conditions evaluates each condition in an Allow, and its opposite effect in a Deny.
func conditions(t *testing.T, version string, rows []conditionRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.reason, func(t *testing.T) {
			element := `"Condition":` + r.condition
			request := user(own, "alice").with(r.context)
			if got, why := Evaluate(theKey, parse(t, version, allow(element)).Set, request); got != r.want {
				t.Errorf("%s\ncontext %s\ndecision %s %v, want %s", r.condition, r.context, got, why, r.want)
			}
			opposite := map[Decision]Decision{holds: ExplicitlyDenied, fails: Allowed, openEnds: Inconclusive}
			if got, why := Evaluate(theKey, parse(t, version, allow(everyone), deny(element)).Set, request); got != opposite[r.want] {
				t.Errorf("in a Deny: %s\ncontext %s\ndecision %s %v, want %s", r.condition, r.context, got, why, opposite[r.want])
			}
		})
	}
}

const via = `{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`

func TestOperatorsAndKeysAndValues(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		{"no condition", `{}`, `{}`, holds},
		{"an empty operator block", `{"StringEquals":{}}`, `{}`, holds},
		{"operators AND: both", `{"StringEquals":{"kms:KeySpec":"a"},"Bool":{"kms:MultiRegion":true}}`, `{"kms:KeySpec":"a","kms:MultiRegion":"true"}`, holds},
		{"operators AND: one", `{"StringEquals":{"kms:KeySpec":"a"},"Bool":{"kms:MultiRegion":true}}`, `{"kms:KeySpec":"a","kms:MultiRegion":"false"}`, fails},
		{"keys AND: both", `{"StringEquals":{"kms:KeySpec":"a","kms:KeyUsage":"b"}}`, `{"kms:KeySpec":"a","kms:KeyUsage":"b"}`, holds},
		{"keys AND: one", `{"StringEquals":{"kms:KeySpec":"a","kms:KeyUsage":"b"}}`, `{"kms:KeySpec":"a","kms:KeyUsage":"c"}`, fails},
		{"values OR: the second", `{"StringEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"b"}`, holds},
		{"values OR: none", `{"StringEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"c"}`, fails},
		{"negated operators NOR: none", `{"StringNotEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"c"}`, holds},
		{"negated operators NOR: the second", `{"StringNotEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"b"}`, fails},
		{"key names ignore case in the policy", `{"StringEquals":{"KMS:viaservice":"s3.us-east-1.amazonaws.com"}}`, via, holds},
		{"and in the request", `{"StringEquals":{"kms:KeySpec":"a"}}`, `{"KMS:KEYSPEC":"a"}`, holds},
		{"the name behind a prefix too", `{"StringEquals":{"kms:EncryptionContext:AppName":"a"}}`, `{"kms:EncryptionContext:appname":"a"}`, holds},
		{"one key in two spellings: both hold", `{"StringLike":{"kms:KeySpec":"a*","kms:keyspec":"*b"}}`, `{"kms:KeySpec":"ab"}`, holds},
		{"one key in two spellings: one holds", `{"StringLike":{"kms:KeySpec":"a*","kms:keyspec":"*b"}}`, `{"kms:KeySpec":"ac"}`, fails},
		{"an empty string is a value", `{"StringEquals":{"kms:KeySpec":""}}`, `{"kms:KeySpec":""}`, holds},
		{"an empty string is present", `{"Null":{"kms:KeySpec":"false"}}`, `{"kms:KeySpec":""}`, holds},
		{"a key that the principal determines is read, not derived", `{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`, `{}`, fails},
	})
}

func TestAbsentKeys(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		{"Null true", `{"Null":{"kms:ViaService":"true"}}`, `{}`, holds},
		{"Null true, present", `{"Null":{"kms:ViaService":"true"}}`, via, fails},
		{"Null false", `{"Null":{"kms:ViaService":false}}`, `{}`, fails},
		{"Null false, present", `{"Null":{"kms:ViaService":false}}`, via, holds},
		{"Null of both", `{"Null":{"kms:ViaService":["true","false"]}}`, `{}`, holds},
		{"Null of a multi-valued key needs no set operator", `{"Null":{"aws:TagKeys":"false"}}`, `{"aws:TagKeys":["a","b"]}`, holds},
		{"ForAllValues:Null false, absent", `{"ForAllValues:Null":{"aws:TagKeys":"false"}}`, `{}`, holds},
		{"ForAllValues:Null true, present", `{"ForAllValues:Null":{"aws:TagKeys":"true"}}`, `{"aws:TagKeys":["a"]}`, holds},
		{"ForAnyValue:Null true, absent", `{"ForAnyValue:Null":{"aws:TagKeys":"true"}}`, `{}`, fails},
		{"ForAnyValue:Null false, present", `{"ForAnyValue:Null":{"aws:TagKeys":"false"}}`, `{"aws:TagKeys":["a"]}`, fails},
		{"a positive operator", `{"StringEquals":{"kms:ViaService":"a"}}`, `{}`, fails},
		{"a pattern of everything", `{"StringLike":{"kms:ViaService":"*"}}`, `{}`, fails},
		{"a negated operator", `{"StringNotEquals":{"kms:ViaService":"a"}}`, `{}`, holds},
		{"IfExists", `{"StringEqualsIfExists":{"kms:ViaService":"a"}}`, `{}`, holds},
		{"IfExists, present and equal", `{"StringEqualsIfExists":{"kms:KeySpec":"a"}}`, `{"kms:KeySpec":"a"}`, holds},
		{"IfExists, present and not", `{"StringEqualsIfExists":{"kms:KeySpec":"a"}}`, `{"kms:KeySpec":"b"}`, fails},
		{"negated IfExists", `{"StringNotEqualsIfExists":{"kms:ViaService":"a"}}`, `{}`, holds},
		{"negated IfExists, present and equal", `{"StringNotEqualsIfExists":{"kms:KeySpec":"a"}}`, `{"kms:KeySpec":"a"}`, fails},
		{"ForAllValues", `{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`, `{}`, holds},
		{"ForAllValues, negated", `{"ForAllValues:StringNotEquals":{"aws:TagKeys":"a"}}`, `{}`, holds},
		{"ForAllValues with IfExists", `{"ForAllValues:StringEqualsIfExists":{"aws:TagKeys":"a"}}`, `{}`, holds},
		{"ForAnyValue", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}`, `{}`, fails},
		{"ForAnyValue, negated", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}`, `{}`, fails},
		{"ForAnyValue with IfExists: two readings", `{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}}`, `{}`, openEnds},
		{"ForAnyValue with IfExists, present: one reading", `{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["b","a"]}`, holds},
		{"a multi-valued key without a set operator is absent too", `{"StringNotEquals":{"aws:TagKeys":"a"}}`, `{}`, holds},
		{"an empty list is absent", `{"ForAnyValue:StringLike":{"aws:TagKeys":"*"}}`, `{"aws:TagKeys":[]}`, fails},
		{"an empty list is null", `{"Null":{"aws:TagKeys":"true"}}`, `{"aws:TagKeys":[]}`, holds},
	})
}

func TestEmptyValueLists(t *testing.T) {
	tags := `{"aws:TagKeys":["a"]}`
	conditions(t, policy.Version2012, []conditionRow{
		{"plain", `{"StringEquals":{"kms:ViaService":[]}}`, via, openEnds},
		{"plain, absent", `{"StringEquals":{"kms:ViaService":[]}}`, `{}`, openEnds},
		{"plain, negated", `{"StringNotEquals":{"kms:ViaService":[]}}`, via, openEnds},
		{"Null", `{"Null":{"kms:ViaService":[]}}`, `{}`, openEnds},
		{"IfExists, absent", `{"StringEqualsIfExists":{"kms:ViaService":[]}}`, `{}`, holds},
		{"IfExists, present", `{"StringEqualsIfExists":{"kms:ViaService":[]}}`, via, fails},
		{"ForAllValues, absent", `{"ForAllValues:StringEquals":{"aws:TagKeys":[]}}`, `{}`, holds},
		{"ForAllValues, present", `{"ForAllValues:StringEquals":{"aws:TagKeys":[]}}`, tags, fails},
		{"ForAnyValue, absent", `{"ForAnyValue:StringEquals":{"aws:TagKeys":[]}}`, `{}`, fails},
		{"ForAnyValue, present", `{"ForAnyValue:StringEquals":{"aws:TagKeys":[]}}`, tags, fails},
		{"ForAnyValue with IfExists, absent: two rules", `{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":[]}}`, `{}`, openEnds},
		{"ForAnyValue with IfExists, present", `{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":[]}}`, tags, fails},
		{"ForAllValues:Null, absent", `{"ForAllValues:Null":{"aws:TagKeys":[]}}`, `{}`, holds},
		{"ForAllValues:Null, present: two rules", `{"ForAllValues:Null":{"aws:TagKeys":[]}}`, tags, openEnds},
		{"ForAnyValue:Null", `{"ForAnyValue:Null":{"aws:TagKeys":[]}}`, tags, fails},
	})
}

func TestSetOperators(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		{"ForAllValues: all", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["b","a","b"]}`, holds},
		{"ForAllValues: one is another", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["a","c"]}`, fails},
		{"ForAllValues need not use every listed value", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["a"]}`, holds},
		{"ForAnyValue: one", `{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["c","a"]}`, holds},
		{"ForAnyValue: none", `{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["c","d"]}`, fails},
		{"ForAllValues negated: none is listed", `{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["c","d"]}`, holds},
		{"ForAllValues negated: one is listed", `{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["c","a"]}`, fails},
		{"ForAnyValue negated: one is not listed", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["c","a"]}`, holds},
		{"ForAnyValue negated: all are listed", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["b","a"]}`, fails},
		{"a multi-valued key with one value, not in a list", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":"a"}`, holds},
		{"a single-valued key is the set of its value", `{"ForAllValues:StringEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"b"}`, holds},
		{"another value of a single-valued key", `{"ForAnyValue:StringEquals":{"kms:KeySpec":["a","b"]}}`, `{"kms:KeySpec":"c"}`, fails},
		{"patterns", `{"ForAllValues:StringLike":{"kms:EncryptionContextKeys":["app*"]}}`, `{"kms:EncryptionContextKeys":["app","apple"]}`, holds},
		{"addresses", `{"ForAnyValue:IpAddress":{"example:ips":"10.0.0.0/8"}}`, `{"example:ips":["192.0.2.1","10.1.2.3"]}`, holds},
	})
}

func TestMultiValuedKeyWithoutSetOperatorHasTwoReadings(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		{"a value that a single one would meet", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["a"]}`, openEnds},
		{"in no list either", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":"a"}`, openEnds},
		{"a value that none would meet", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["b"]}`, fails},
		{"negated, a value that is not listed", `{"StringNotEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["b"]}`, openEnds},
		{"negated, a value that is listed", `{"StringNotEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["a"]}`, fails},
		{"one of several", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["b","a"]}`, openEnds},
		{"none of several", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["b","c"]}`, fails},
		{"an unknown key with a list", `{"StringEquals":{"example:key":"a"}}`, `{"example:key":["a"]}`, openEnds},
		{"an unknown key without", `{"StringEquals":{"example:key":"a"}}`, `{"example:key":"a"}`, holds},
		{"an unknown key that is under a set operator elsewhere", `{"StringEquals":{"example:key":"a"},"ForAllValues:StringEquals":{"Example:Key":"a"}}`, `{"example:key":"a"}`, openEnds},
		{"a known single-valued key in a list of one", `{"StringEquals":{"kms:KeySpec":"a"}}`, `{"kms:KeySpec":["a"]}`, holds},
		{"a known single-valued key that is under a set operator elsewhere", `{"StringEquals":{"kms:KeySpec":"a"},"ForAllValues:StringEquals":{"kms:KeySpec":"a"}}`, `{"kms:KeySpec":"a"}`, holds},
	})
}
