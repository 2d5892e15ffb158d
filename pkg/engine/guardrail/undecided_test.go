package guardrail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const bomb = `"kms:EncryptionContext:k":"*a????????????????"`

// TestWhatIsNotDecidedIsNoShield: a condition that cannot be decided, or takes too much work,
// counts as met where it stands, and hides nothing beside it.
func TestWhatIsNotDecidedIsNoShield(t *testing.T) {
	decrypt := func(conditions string) string {
		return statement("Allow", everyone, "kms:Decrypt") + `,"Condition":{` + conditions + `}`
	}
	all := statement("Allow", everyone, "kms:*")
	own := `{"AWS":"` + worker + `"}`
	var globs []string
	for i := range 150 {
		globs = append(globs, fmt.Sprintf(`%s,"Condition":{"StringLike":{"kms:EncryptionContext:k":"*%d?a*b*%d"}}`, statement("Allow", fmt.Sprintf(`{"AWS":"arn:aws:iam::%s:role/r%d"}`, account, i), "kms:Decrypt"), i, i))
	}
	for _, row := range []struct {
		reason string
		policy []string
		proved bool
	}{
		{"a bomb beside a public statement hides only itself", []string{statement("Allow", own, "kms:Sign") + `,"Condition":{"StringLike":{` + bomb + `}}`, all}, true},
		{"a bomb in the public statement is met by an example", []string{decrypt(`"StringLike":{` + bomb + `}`)}, true},
		{"each user id equals itself", []string{decrypt(`"StringEquals":{"aws:userid":"${aws:userid}"}`)}, true},
		{"each organization equals itself", []string{decrypt(`"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalOrgID}"}`)}, true},
		{"each account equals itself", []string{decrypt(`"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}`)}, true},
		{"each user name equals itself", []string{decrypt(`"StringEquals":{"aws:username":"${aws:username}"}`)}, true},
		{"whoever writes * for an ARN means all", []string{decrypt(`"ArnLike":{"aws:PrincipalArn":"*"}`)}, false},
		{"a list without a set operator has two readings", []string{decrypt(`"StringLike":{"aws:PrincipalOrgPaths":"o-zzzzzzzzzz/*"}`)}, false},
		{"Deny with NotPrincipal beside a public statement", []string{`"Effect":"Deny","NotPrincipal":` + own + `,"Action":"kms:Sign","Resource":"*"`, all}, true},
		{"Allow with NotPrincipal is everyone", []string{`"Effect":"Allow","NotPrincipal":` + own + `,"Action":"kms:Decrypt","Resource":"*"`}, false},
		{"150 patterns in statements of their own", append(globs, all), true},
		{"a condition that KMS refuses beside a public statement", []string{statement("Allow", own, "kms:Decrypt") + `,"Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}`, all}, true},
		{"a Deny that is not decided keeps nobody out", []string{all, `"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringLike":{` + bomb + `}}`}, true},
		{"nothing is compared with no value", []string{decrypt(`"StringNotEquals":{"aws:PrincipalOrgID":[]}`)}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			text := document(append([]string{accountStatement}, row.policy...)...)
			j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
			i := slices.IndexFunc(j.Findings, func(f guardrail.Finding) bool {
				return f.Code == guardrail.CodePublicAccess && f.Severity == rules.Critical
			})
			if j.Verdict != guardrail.NonCompliant || i < 0 {
				t.Fatalf("%s: %+v", j.Verdict, j.Findings)
			}
			f := j.Findings[i]
			if isOpen := strings.HasPrefix(f.Message, "It cannot be ruled out"); isOpen == row.proved || row.proved != (f.Witness != nil) {
				t.Errorf("%s, with witness %+v; proved is to be %v", f.Message, f.Witness, row.proved)
			}
		})
	}
}

// TestWhatIsWithinTheCeilingWithoutItsConditionsIsDecided: a condition only narrows an Allow.
func TestWhatIsWithinTheCeilingWithoutItsConditionsIsDecided(t *testing.T) {
	text := document(accountStatement, statement("Allow", `{"AWS":"`+worker+`"}`, "kms:Decrypt")+`,"Condition":{"StringLike":{`+bomb+`}}`)
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
	if j.Verdict != guardrail.Compliant || j.Severity.AtLeast(rules.Low) {
		t.Errorf("%s: %+v", j.Verdict, j.Findings)
	}
}

// TestADenyThatIsDecidedForIdentitiesKeepsThemOut: that it is not decided for services is no
// reason to take the key for public.
func TestADenyThatIsDecidedForIdentitiesKeepsThemOut(t *testing.T) {
	text := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"),
		`"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ForAnyValue:StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}`)
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
	if j.Severity != rules.High || slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodePublicAccess }) {
		t.Errorf("%s: %+v", j.Severity, j.Findings)
	}
}

// TestWhatIsProvedIsToldOnce: a Deny of one action that is not decided makes one more finding, about
// that action alone.
func TestWhatIsProvedIsToldOnce(t *testing.T) {
	text := document(accountStatement, statement("Allow", everyone, "kms:*"), statement("Deny", everyone, "kms:Decrypt")+`,"Condition":{"StringEquals":{"aws:userid":"${aws:userid}"}}`)
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
	var public []string
	for _, f := range j.Findings {
		if f.Code == guardrail.CodePublicAccess {
			public = append(public, f.Message)
		}
	}
	if len(public) != 2 || !strings.Contains(strings.Join(public, "\n"), "can decrypt (kms:Decrypt)") {
		t.Errorf("%q", public)
	}
}

// TestABombLeavesTheFloorDecided: what the floor needs is found among the statements without
// conditions, under a Deny that takes nothing from it.
func TestABombLeavesTheFloorDecided(t *testing.T) {
	bombs := []string{accountStatement, `"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:PrincipalIsAWSService":"true"}}`}
	for i := range 40 {
		bombs = append(bombs, fmt.Sprintf(`%s,"Condition":{"StringLike":{"kms:EncryptionContext:k%d":"*a????????????????"}}`, statement("Allow", `{"AWS":"`+worker+`"}`, "kms:Decrypt"), i))
	}
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(bombs...), Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
	for _, f := range j.Findings {
		if f.Code == guardrail.CodeUndecided {
			t.Errorf("%s: %s", f.Severity, f.Message)
		}
	}
}
