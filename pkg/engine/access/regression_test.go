package access_test

import (
	"strings"
	"testing"
)

// TestADifferenceThatTheEvaluatorDoesNotConfirmIsAnOpenQuestion: the comparison knows that
// a variable in Resource and in NotResource are opposites, and that a Deny takes away what
// an Allow under the same doubt gives. The evaluator does not, and has the last word.
func TestADifferenceThatTheEvaluatorDoesNotConfirmIsAnOpenQuestion(t *testing.T) {
	inDoubt := func(statement string) string {
		return instead(statement, `"Resource":"*"`, `"Resource":"${aws:username}"`)
	}
	for reason, actual := range map[string][]string{
		"an Allow in doubt and its opposite":                {inDoubt(on("")), instead(on(""), `"Resource":"*"`, `"NotResource":"${aws:username}"`)},
		"one Allow beside another, against a Deny in doubt": {on(""), allow(ownRoot, "")},
	} {
		baseline := []string{inDoubt(on("")), inDoubt(deny("*", ""))}
		for _, got := range []comparison{compare(policyOf(t, baseline), policyOf(t, actual)), compare(policyOf(t, actual), policyOf(t, baseline))} {
			if got.result.Verdict != open || !strings.Contains(reasons(got.result), "unconfirmed-witness") {
				t.Errorf("%s: %s because of %s", reason, got.result.Verdict, reasons(got.result))
			}
		}
	}
}

// TestWhatWasOnceWrong holds pairs of policies that an earlier comparison decided or told
// wrongly, as small as they could be made. Each is also held against sampled requests, in
// checkPair. The rules have more of them.
func TestWhatWasOnceWrong(t *testing.T) {
	t.Parallel()
	for _, p := range []rulePair{
		{same, "a set operator in a dead statement makes an unknown key multi-valued, for both policies", []string{on(`"StringEquals":{"my:key":"a"}`)},
			[]string{on(`"StringEquals":{"my:key":"a"}`), instead(on(`"ForAnyValue:StringLike":{"my:key":"a"}`), `"Action":"kms:Decrypt",`, "")}},
		{open, "and then it is not decided", []string{deny("*", "")},
			[]string{on(`"StringEquals":{"my:key":"a"}`), instead(on(`"ForAnyValue:StringLike":{"my:key":"a"}`), `"Action":"kms:Decrypt",`, "")}},
		{same, "text that looks like a variable is in no principal's ARN", []string{version2008, allow(ownRoot, `"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/${aws:username}"}`)}, []string{version2008, allow(ownRoot, "")}},
		{other, "a principal named after a root user is a user; its name is what stands behind the slash", []string{deny("*", "")},
			[]string{allow(foreignRoot, `"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"},"StringEquals":{"kms:ViaService":"a${aws:username}"}`), allow(foreignRoot, `"StringEquals":{"kms:ViaService":"b"}`)}},
		{other, "what is in doubt stays an open question beside what another statement proves", []string{deny("*", "")},
			[]string{allow(ownRole, `"ArnNotLike":{"aws:PrincipalArn":"*"}`), on(`"StringEquals":{"kms:ViaService":"*aa"}`)}},
		{other, "a Deny in doubt is not blamed for what another Deny is sure to refuse", []string{allow(ownRole, "")},
			[]string{allow(ownRole, ""), deny("111122223333", `"ArnLike":{"aws:PrincipalArn":"*p"}`), deny(ownRole, "")}},
		{other, "an Allow in doubt is not blamed for what another Allow is sure to give", []string{deny("*", "")},
			[]string{on(`"StringEqualsIgnoreCaseIfExists":{"my:key":"${aws:username, 'a'}"}`), on("")}},
		{other, "nor where it is in doubt for some values only", []string{deny("*", "")},
			[]string{on(""), allow(s3, `"ForAllValues:StringNotLikeIfExists":{`+tags+`:["??","${my:key}"]}`)}},
		{other, "nor where it is in doubt for present keys only", []string{deny("*", "")},
			[]string{allow(ownRole, ""), allow(ownRoot, `"StringNotLike":{"kms:EncryptionContextKeys":"A"}`)}},
		{other, "access with the help of IAM is not told together with access without it", []string{instead(allow(ownRole, ""), "kms:Decrypt", "kms:*")},
			[]string{instead(instead(allow(ownRoot, ""), `"Action"`, `"NotAction"`), `"Resource":"*"`, `"NotResource":[]`)}},
		{other, "unnamed roles of one name and other paths have sessions of their own", []string{allow(ownRoot, `"StringEquals":{"kms:ViaService":"a"},"StringLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/b/*"}`)},
			[]string{deny(ownRoot, "")}},
		{same, "a value in doubt twice is one value", []string{on(`"ArnLikeIfExists":{"kms:CallerAccount":"111122223333"}`)}, []string{on(`"ArnLikeIfExists":{"kms:CallerAccount":["111122223333","111122223333"]}`)}},
		{other, "a service's name has a dot: a pattern of others matches no service", []string{on(`"StringLike":{"aws:PrincipalServiceName":"*x"}`)}, []string{on(`"StringLike":{"aws:PrincipalServiceName":"x"}`)}},
		{other, "a class of values that holds the empty string holds others", []string{on(`"StringNotLike":{"kms:ViaService":"a*"},"StringNotEquals":{"kms:ViaService":"b"}`)}, []string{on(`"Null":{"kms:ViaService":"true"}`)}},
		{other, "${ may be written with an escape, and then it is a variable under one version only", []string{version2008, on(`"StringEquals":{"kms:ViaService":"\u0024{aws:username}"}`)}, []string{on(`"StringEquals":{"kms:ViaService":"\u0024{aws:username}"}`)}},
		{open, "an empty NotAction is no empty Action", []string{instead(on(""), `"kms:Decrypt"`, `[]`)}, []string{instead(on(""), `"Action":"kms:Decrypt"`, `"NotAction":[]`)}},
		{open, "an empty NotResource is no empty Resource", []string{instead(on(""), `"Resource":"*"`, `"Resource":[]`)}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":[]`)}},
		{other, "nor is it the same without values and without the element", []string{instead(on(""), `,"Resource":"*"`, ``)}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":"arn:aws:s3:::*"`)}},
		{other, "a session whose role has one path is not told together with one whose role has another", []string{instead(allow(ownRoot, ""), "kms:Decrypt", "kms:*")},
			[]string{instead(on(`"ArnNotEquals":{"aws:PrincipalArn":"`+ownRole+`"}`), "kms:Decrypt", "kms:*crypt")}},
		{same, "the account of the key is part of every request", []string{deny("*", "")}, []string{allow(ownRole, ""), deny("*", `"StringEquals":{"aws:ResourceAccount":"111122223333"}`)}},
	} {
		checkPair(t, p)
		checkBothWays(t, policyOf(t, p.baseline), policyOf(t, p.actual))
	}
}
