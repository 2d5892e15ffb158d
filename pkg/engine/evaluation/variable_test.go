package evaluation

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func variable(operator, listed, context string, want Decision) conditionRow {
	condition := `{"` + operator + `":{"example:key":` + listed + `}}`
	return conditionRow{condition + " in " + context, condition, context, want}
}

func TestVariablesTakeTheirValueFromTheRequest(t *testing.T) {
	team := `{"example:key":"red","aws:PrincipalTag/team":"red"}`
	conditions(t, policy.Version2012, []conditionRow{
		variable("StringEquals", `"${aws:PrincipalTag/team}"`, team, holds),
		variable("StringEquals", `"${AWS:principaltag/TEAM}"`, team, holds), // names ignore case
		variable("StringEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":"blue","aws:PrincipalTag/team":"red"}`, fails),
		variable("StringNotEquals", `"${aws:PrincipalTag/team}"`, team, fails),
		variable("StringEqualsIgnoreCase", `"${aws:PrincipalTag/team}"`, `{"example:key":"RED","aws:PrincipalTag/team":"red"}`, holds),
		variable("StringLike", `"${aws:PrincipalTag/team}-*-${aws:PrincipalTag/role}"`, `{"example:key":"red-x-admin","aws:PrincipalTag/team":"red","aws:PrincipalTag/role":"admin"}`, holds),
		variable("StringEquals", `"${aws:PrincipalTag/cost center}"`, `{"example:key":"7","aws:PrincipalTag/cost center":"7"}`, holds),
		variable("StringEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":"","aws:PrincipalTag/team":""}`, holds), // an empty value is one
		variable("ArnLike", `"arn:aws:iam::${aws:PrincipalAccount}:role/*"`, `{"example:key":"arn:aws:iam::111122223333:role/a","aws:PrincipalAccount":"111122223333"}`, holds),
		variable("ArnLike", `"arn:aws:iam::${aws:PrincipalAccount}:role/*"`, `{"example:key":"arn:aws:iam::444455556666:role/a","aws:PrincipalAccount":"111122223333"}`, fails),
		variable("ArnLike", `"${kms:GrantConstraintSourceArn}"`, `{"example:key":"arn:aws:s3:::b","kms:GrantConstraintSourceArn":"arn:aws:s3:::b"}`, holds), // replaced, then split
	})
}

func TestVariablesWithoutAValueMeetNothing(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		variable("StringEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":"red"}`, fails),
		variable("StringLike", `"*${aws:PrincipalTag/team}*"`, `{"example:key":"red"}`, fails),
		variable("ArnLike", `"arn:aws:iam::${aws:PrincipalAccount}:*"`, `{"example:key":"arn:aws:iam::111122223333:root"}`, fails),
		variable("StringNotEquals", `"${aws:PrincipalTag/team}${aws:PrincipalTag/role}"`, `{"example:key":"red","aws:PrincipalTag/role":"red"}`, holds), // all must have one
		variable("StringNotEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":"red"}`, holds),
		variable("ArnNotLike", `"${aws:PrincipalTag/team}"`, `{"example:key":"red"}`, holds),
		variable("StringEquals", `["${aws:PrincipalTag/team}","red"]`, `{"example:key":"red"}`, holds), // the other value counts
		variable("StringNotEquals", `["${aws:PrincipalTag/team}","red"]`, `{"example:key":"red"}`, fails),
		variable("StringEquals", `"${aws:TagKeys}"`, `{"example:key":"red","aws:TagKeys":["red"]}`, fails), // multi-valued keys are no variables
		variable("StringEqualsIfExists", `"${aws:PrincipalTag/team}"`, `{}`, holds),                        // the absent key comes first
		variable("ForAnyValue:StringNotEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":["red"]}`, holds),
	})
}

func TestDefaultsOfVariables(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		variable("StringEquals", `"${aws:PrincipalTag/team, 'all'}"`, `{"example:key":"all"}`, holds),
		variable("StringEquals", `"${aws:PrincipalTag/team, 'all'}"`, `{"example:key":"all","aws:PrincipalTag/team":"red"}`, fails),
		variable("StringEquals", `"${aws:PrincipalTag/team, 'all'}"`, `{"example:key":"red","aws:PrincipalTag/team":"red"}`, holds),
		variable("StringNotEquals", `"${aws:PrincipalTag/team, 'all'}"`, `{"example:key":"all"}`, fails),
		variable("StringEquals", `"${aws:PrincipalTag/team, ''}"`, `{"example:key":""}`, holds),
		variable("StringEquals", `"${aws:PrincipalTag/team, 'a*'}"`, `{"example:key":"a*"}`, holds),
		variable("StringLike", `"${aws:PrincipalTag/team, 'a*'}"`, `{"example:key":"abc"}`, openEnds), // a wildcard, or a star?
		variable("StringEquals", `"${aws:TagKeys, 'red'}"`, `{"example:key":"red"}`, holds),
		variable("StringEquals", `"${aws:TagKeys, 'red'}"`, `{"example:key":"red","aws:TagKeys":["a"]}`, openEnds),
	})
}

func TestSpecialCharacters(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		variable("StringLike", `"a${*}"`, `{"example:key":"a*"}`, holds),
		variable("StringLike", `"a${*}"`, `{"example:key":"ab"}`, fails),
		variable("StringLike", `"a${?}*"`, `{"example:key":"a?b"}`, holds),
		variable("StringLike", `"a${?}*"`, `{"example:key":"abb"}`, fails),
		variable("StringEquals", `"${$}{aws:username}"`, `{"example:key":"${aws:username}"}`, holds),
		variable("StringEquals", `"${*}"`, `{"example:key":"*"}`, holds),
		variable("StringEquals", `"$5 $x {y}"`, `{"example:key":"$5 $x {y}"}`, holds), // no variable
		variable("ArnLike", `"arn:aws:s3:::${*}"`, `{"example:key":"arn:aws:s3:::b"}`, fails),
	})
}

func TestTheValueOfAVariableIsNoPattern(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		variable("StringLike", `"${aws:PrincipalTag/team}"`, `{"example:key":"*","aws:PrincipalTag/team":"*"}`, holds),
		variable("StringLike", `"${aws:PrincipalTag/team}"`, `{"example:key":"red","aws:PrincipalTag/team":"*"}`, fails),
		variable("StringLike", `"${aws:PrincipalTag/team}"`, `{"example:key":"red","aws:PrincipalTag/team":"???"}`, fails),
		variable("StringEquals", `"${aws:PrincipalTag/team}"`, `{"example:key":"red","aws:PrincipalTag/team":"${aws:x}","aws:x":"red"}`, fails), // replaced once
	})
}

func TestVariablesThatAreNotWrittenAsDocumented(t *testing.T) {
	for _, body := range []string{
		``, `team`, ` aws:x`, `aws:x `, `aws:x,'d'`, `aws:x,  'd'`, `aws:x, d`, `aws:x, 'd`, `aws:x, 'it's'`, `aws:x, 'd' `, `aws:*`, `aws:${aws:y`,
	} {
		conditions(t, policy.Version2012, []conditionRow{variable("StringEquals", `"${`+body+`}"`, `{"example:key":"red"}`, openEnds)})
	}
	conditions(t, policy.Version2012, []conditionRow{variable("StringLike", `"a${aws:x"`, `{"example:key":"red"}`, openEnds)})
}

func TestVariablesAreTextUnderTheOldVersion(t *testing.T) {
	for _, version := range []string{"", policy.Version2008} {
		conditions(t, version, []conditionRow{
			variable("StringEquals", `"${aws:username}"`, `{"example:key":"alice","aws:username":"alice"}`, fails),
			variable("StringEquals", `"${aws:username}"`, `{"example:key":"${aws:username}","aws:username":"alice"}`, holds),
			variable("StringLike", `"${*}"`, `{"example:key":"${anything}"}`, holds), // the star is a wildcard
			variable("StringEquals", `"${team"`, `{"example:key":"${team"}`, holds),
		})
	}
}
