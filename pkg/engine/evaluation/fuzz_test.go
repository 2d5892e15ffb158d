package evaluation

import (
	"errors"
	"reflect"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// FuzzEvaluate gives any policy and any request to the evaluator. It must not panic, must
// answer the same twice, give reasons exactly where it is inconclusive, and keep the laws
// that hold for every policy and request.
func FuzzEvaluate(f *testing.F) {
	text := func(version, statements string) string {
		return `{"Version":"` + version + `","Statement":[` + statements + `]}`
	}
	f.Add(text(policy.Version2012, allow(aws(own))), requestText(nil))
	f.Add(text(policy.Version2012, allow(everyone)+","+deny(`"NotPrincipal":{"AWS":"111122223333"}`)), requestText(nil))
	f.Add(text(policy.Version2012, allow(`"Condition":{"StringLike":{"a:b":"x*${aws:PrincipalTag/t, 'd'}${*}"}}`)), requestText(map[string]string{"context": `{"a:b":["xyd"]}`}))
	f.Add(text(policy.Version2012, deny(`"Condition":{"ForAllValues:NumericLessThanIfExists":{"aws:TagKeys":["1e3",2]}}`)), requestText(map[string]string{"context": `{"aws:TagKeys":["3","x"]}`}))
	f.Add(text(policy.Version2012, allow(`"Condition":{"IpAddress":{"aws:SourceIp":"2001:db8::/32"},"DateLessThan":{"aws:CurrentTime":"2026-01-31"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}`)), requestText(map[string]string{"context": `{"aws:SourceIp":"2001:db8::1","aws:CurrentTime":"1","aws:SourceArn":"arn:aws:s3:::b"}`}))
	f.Add(text(policy.Version2008, allow(`"NotAction":[]`, `"NotResource":"${x}"`)), requestText(map[string]string{"principal": `"arn:aws:sts::111122223333:assumed-role/app/s"`, "principalType": `"session"`}))
	f.Fuzz(func(t *testing.T, policyText, requestJSON string) {
		d, err := policy.Parse(policyText)
		if err != nil {
			d = parse(t, policy.Version2012, allow(everyone))
		}
		r, err := ParseRequest([]byte(requestJSON))
		var refused *RequestError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("an error of type %T", err)
		}
		got, why := Evaluate(theKey, d.Set, r)
		again, whyAgain := Evaluate(theKey, d.Set, r)
		if got != again || !reflect.DeepEqual(why, whyAgain) {
			t.Errorf("%s %v, then %s %v", got, why, again, whyAgain)
		}
		if (got == Inconclusive) != (len(why) > 0) {
			t.Errorf("%s %v", got, why)
		}
		MissingKeys(d.Set, r)
		checkLaws(t, d, r, got)
	})
}

// checkLaws: IAM only ever adds access, and turns Allowed into nothing else; an Allow
// more takes nothing away, a Deny of everything leaves nothing.
func checkLaws(t *testing.T, d *policy.Document, r Request, got Decision) {
	t.Helper()
	if without, _ := Evaluate(theKey, d.Set, r.withoutIAM()); without.Allows() && !got.Allows() && r.IdentityPolicyAllows {
		t.Errorf("%s without IAM, %s with", without, got)
	}
	if r.Check(theKey) != nil {
		return
	}
	everything := parse(t, policy.Version2012, allow(everyone)).Statements[0]
	more := policy.Set{Version: d.Version, Statements: append(append([]policy.Statement{}, d.Statements...), everything)}
	if after, _ := Evaluate(theKey, more, r); got.Allows() && !after.Allows() {
		t.Errorf("%s, but %s with an Allow more", got, after)
	}
	everything.Effect = policy.Deny
	more.Statements[len(d.Statements)] = everything
	if after, _ := Evaluate(theKey, more, r); after != ExplicitlyDenied {
		t.Errorf("%s under a Deny of everything", after)
	}
}
