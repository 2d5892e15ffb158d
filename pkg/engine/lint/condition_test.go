package lint_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

func TestKeysThatNoRequestOfTheActionsCarries(t *testing.T) {
	run(t, []row{
		{"carried", allow(role, `"kms:CreateGrant"`, `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`), nil},
		{"carried by one of the actions a pattern covers", allow(role, `"kms:*"`, `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`), nil},
		{"never carried", deny(anyone, `["kms:ScheduleKeyDeletion","kms:DisableKey"]`, `{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}`), found(lint.DeadStatement)},
		{"never carried, by a pattern", allow(role, `"kms:Get*"`, `{"StringEquals":{"kms:EncryptionContext:a":"1"}}`), found(lint.DeadStatement)},
		{"never carried, and has to be", allow(role, `"kms:DescribeKey"`, `{"Null":{"kms:EncryptionContext:a":"false"}}`), found(lint.DeadStatement)},
		{"any value of what is never carried", allow(role, `"kms:Sign"`, `{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"a"}}`), found(lint.DeadStatement)},
		{"never carried, and must not be", allow(role, `"kms:DescribeKey"`, `{"Null":{"kms:EncryptionContext:a":"true"}}`), found(lint.ConditionWithoutEffect)},
		{"never carried, if it exists", deny(role, `"kms:DescribeKey"`, `{"StringEqualsIfExists":{"kms:EncryptionContext:a":"1"}}`), found(lint.ConditionWithoutEffect)},
		{"all values of what is never carried", deny(role, `"kms:Sign"`, `{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"a"}}`), found(lint.ConditionWithoutEffect)},
		{"never carried, negated", deny(role, `"kms:DescribeKey"`, `{"StringNotEquals":{"kms:EncryptionContext:a":"1"}}`), found(lint.NegatedOperatorOnAbsentKey)},
		{"never carried, negated, in an Allow", allow(role, `"kms:Sign"`, `{"StringNotLike":{"kms:EncryptionAlgorithm":"RSA*"}}`), found(lint.NegatedOperatorOnAbsentKey)},
		{"may be absent, negated: this is how one denies all but a service", deny(anyone, `"kms:Decrypt"`, `{"StringNotEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), nil},
		{"AWS does not say which keys the action carries", allow(role, `"kms:Encapsulate"`, `{"StringEquals":{"kms:EncryptionAlgorithm":"x"}}`), nil},
		{"imported material expires: the parameter is left out", allow(role, `"kms:ImportKeyMaterial"`, `{"Null":{"kms:ExpirationModel":true}}`), nil},
		{"an enclave", allow(role, `["kms:Decrypt","kms:GenerateDataKey"]`, `{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:ImageSha384":"ab"}}`), nil},
	})
}

func TestActionsThatAConditionRulesOut(t *testing.T) {
	grant := `{"Bool":{"kms:GrantIsForAWSResource":"true"}}`
	context := `{"StringEquals":{"kms:EncryptionContext:a":"1"}}`
	run(t, []row{
		{"named beside one that carries the key", allow(role, `["kms:CreateGrant","kms:Decrypt"]`, grant), found(lint.DeadAction)},
		{"covered by a pattern", allow(role, `["kms:CreateGrant","kms:Decrypt*"]`, grant), nil},
		{"denied in vain", deny(anyone, `["kms:ScheduleKeyDeletion","kms:DeleteImportedKeyMaterial"]`, `{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}`), found(lint.DeadAction)},
		{"DescribeKey, as in policies of the AWS documentation", allow(service, `["kms:Decrypt","kms:DescribeKey"]`, context), nil},
		{"only if the key is there", allow(role, `["kms:Decrypt","kms:GetPublicKey"]`, `{"StringEqualsIfExists":{"kms:EncryptionContext:a":"1"}}`), nil},
		{"NotAction", `{"Effect":"Allow",` + role + `,"NotAction":"kms:PutKeyPolicy",` + star + `,"Condition":` + context + `}`, nil},
		{"denied always", deny(role, `["kms:Decrypt","kms:DescribeKey"]`, `{"StringNotEquals":{"kms:EncryptionContext:a":"1"}}`), found(lint.NegatedOperatorOnAbsentKey)},
		{"denied if the key is there", deny(role, `["kms:Decrypt","kms:DescribeKey"]`, `{"StringNotEqualsIfExists":{"kms:EncryptionContext:a":"1"}}`), found()},
		{"allowed always may be meant", allow(role, `["kms:Decrypt","kms:DescribeKey"]`, `{"StringNotEquals":{"kms:EncryptionContext:a":"1"}}`), nil},
	})
}

func TestKeysThatNoRequestOfThePrincipalsCarries(t *testing.T) {
	source := `{"StringEquals":{"aws:SourceAccount":"111122223333"}}`
	run(t, []row{
		{"the source of a service's request", allow(service, `"kms:Decrypt"`, source), nil},
		{"everyone may be a service", allow(anyone, `"kms:Decrypt"`, source), nil},
		{"one of them is a service", allow(`"Principal":{"AWS":"111122223333","Service":"sns.amazonaws.com"}`, `"kms:Decrypt"`, source), nil},
		{"a role's request has a source where AWS documents it", allow(role, `"kms:Decrypt"`, source), found(lint.RareConditionKey)},
		{"a role's request has a source where AWS documents it, negated", deny(role, `"kms:Decrypt"`, `{"ArnNotLike":{"aws:SourceArn":"arn:aws:logs:*:*:*"}}`), found(lint.RareConditionKey)},
		{"a user's request has no source", allow(`"Principal":{"AWS":"arn:aws:iam::111122223333:user/u"}`, `"kms:Decrypt"`, source), found(lint.DeadStatement)},
		{"a role's request has no name of a service", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"aws:PrincipalServiceName":"s3.amazonaws.com"}}`), found(lint.DeadStatement)},
		{"a service is in no organization", allow(service, `"kms:Decrypt"`, `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`), found(lint.DeadStatement)},
		{"a role is", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`), nil},
		{"a service has no MFA device", deny(service, `"kms:Decrypt"`, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`), found(lint.ConditionWithoutEffect)},
		{"NotPrincipal names no one", `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",` + star + `,"Condition":` + source + `}`, found(lint.NotPrincipalWithDeny)},
	})
}

func TestValuesThatThePrincipalsCannotHave(t *testing.T) {
	account := `"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`
	session := `"Principal":{"AWS":"arn:aws:sts::444455556666:assumed-role/app/s"}`
	user := `"Principal":{"AWS":"arn:aws:iam::111122223333:user/team/alice"}`
	equals := func(key, value string) string { return `{"StringEquals":{"` + key + `":"` + value + `"}}` }
	run(t, []row{
		{"its own account", allow(account, `"kms:Decrypt"`, equals("kms:CallerAccount", "111122223333")), nil},
		{"another account", allow(account, `"kms:Decrypt"`, equals("kms:CallerAccount", "444455556666")), found(lint.DeadStatement)},
		{"one principal of two", allow(`"Principal":{"AWS":["111122223333","444455556666"]}`, `"kms:Decrypt"`, equals("aws:PrincipalAccount", "444455556666")), nil},
		{"everyone", allow(anyone, `"kms:Decrypt"`, equals("kms:CallerAccount", "444455556666")), nil},
		{"a root ARN is no account id", allow(anyone, `"kms:Decrypt"`, equals("kms:CallerAccount", "arn:aws:iam::111122223333:root")), found(lint.DeadStatement)},
		{"an account id with dashes", allow(service, `"kms:Decrypt"`, equals("aws:SourceAccount", "1111-2222-3333")), found(lint.DeadStatement)},
		{"no account id, negated: always true", deny(anyone, `"kms:Decrypt"`, `{"StringNotEquals":{"aws:PrincipalAccount":"arn:aws:iam::111122223333:root"}}`), found(lint.ConditionWithoutEffect)},
		{"a pattern of account ids", allow(anyone, `"kms:Decrypt"`, `{"StringLike":{"aws:PrincipalAccount":"1111*"}}`), nil},
		{"a variable", allow(anyone, `"kms:Decrypt"`, equals("kms:CallerAccount", "${aws:ResourceAccount}")), nil},
		{"the key's account", allow(role, `"kms:Decrypt"`, equals("aws:ResourceAccount", "111122223333")), nil},
		{"another account than the key's", allow(role, `"kms:Decrypt"`, equals("aws:ResourceAccount", "444455556666")), found(lint.DeadStatement)},
		{"its own ARN", allow(role, `"kms:Decrypt"`, `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}`), nil},
		{"a pattern with its own ARN", allow(role, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a*"}}`), nil},
		{"another ARN", allow(role, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/b*"}}`), found(lint.DeadStatement)},
		{"no ARN", allow(role, `"kms:Decrypt"`, `{"ArnEquals":{"aws:PrincipalArn":"app"}}`), found(lint.DeadStatement)},
		{"AWS does not say whether * is a pattern of ARNs", allow(role, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"*"}}`), nil},
		{"a role of the account", allow(account, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/b*"}}`), nil},
		{"a role of another account", allow(account, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/b*"}}`), found(lint.DeadStatement)},
		{"all but a role of another account", allow(account, `"kms:Decrypt"`, `{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/b*"}}`), nil},
		{"the role of a session", allow(session, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/path/app"}}`), nil},
		{"the role of a session, in another account", allow(session, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}`), found(lint.DeadStatement)},
		{"a role is no service", allow(role, `"kms:Decrypt"`, `{"Bool":{"aws:PrincipalIsAWSService":"true"}}`), found(lint.DeadStatement)},
		{"a role is no service, and need not be", deny(role, `"kms:Decrypt"`, `{"Bool":{"aws:PrincipalIsAWSService":"false"}}`), nil},
		{"a service is one", deny(service, `"kms:Decrypt"`, `{"Bool":{"aws:PrincipalIsAWSService":"false"}}`), found(lint.DeadStatement)},
		{"the name of a service", allow(service, `"kms:Decrypt"`, `{"StringLike":{"aws:PrincipalServiceName":"logs.*"}}`), nil},
		{"the name of another service", allow(service, `"kms:Decrypt"`, equals("aws:PrincipalServiceName", "sns.amazonaws.com")), found(lint.DeadStatement)},
		{"a user's name", allow(user, `"kms:Decrypt"`, equals("aws:username", "alice")), nil},
		{"another user's name", allow(user, `"kms:Decrypt"`, equals("aws:username", "bob")), found(lint.DeadStatement)},
		{"a role has no user name", allow(role, `"kms:Decrypt"`, equals("aws:username", "alice")), found(lint.DeadStatement)},
		{"a role has no user name, negated", allow(role, `"kms:Decrypt"`, `{"StringNotEquals":{"aws:username":"alice"}}`), nil},
		{"what a role is", allow(role, `"kms:Decrypt"`, equals("aws:PrincipalType", "AssumedRole")), nil},
		{"what a role is not", allow(role, `"kms:Decrypt"`, equals("aws:PrincipalType", "User")), found(lint.DeadStatement)},
		{"an account is all kinds", allow(account, `"kms:Decrypt"`, equals("aws:PrincipalType", "User")), nil},
	})
}

func TestConditionsThatContradictEachOther(t *testing.T) {
	via := `"kms:EncryptionContext:via"`
	run(t, []row{
		{"two literals", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"s3.us-east-1.amazonaws.com","KMS:ENCRYPTIONCONTEXT:VIA":"sqs.us-east-1.amazonaws.com"}}`), found(lint.DeadStatement, lint.SameConditionKeyTwice)},
		{"a literal and a pattern that does not match it", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:["s3.eu-west-1.amazonaws.com","x"]},"StringLike":{`+via+`:"*.us-*"}}`), found(lint.DeadStatement)},
		{"a literal and a pattern that matches it", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:["x","s3.us-east-1.amazonaws.com"]},"StringLike":{`+via+`:"*.us-*"}}`), nil},
		{"a literal and its negation", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"x"},"StringNotEquals":{`+via+`:["x","y"]}}`), found(lint.DeadStatement)},
		{"case apart they are the same", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"X"},"StringEqualsIgnoreCase":{`+via+`:"x"}}`), nil},
		{"a literal if it exists: absent meets both", allow(role, `"kms:Decrypt"`, `{"StringEqualsIfExists":{`+via+`:"x"},"StringLikeIfExists":{`+via+`:"y"}}`), nil},
		{"a literal, and another if it exists", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"x"},"StringLikeIfExists":{`+via+`:"y"}}`), found(lint.DeadStatement)},
		{"a pattern, and absent", allow(role, `"kms:Decrypt"`, `{"StringLike":{`+via+`:"s3.*"},"Null":{`+via+`:"true"}}`), found(lint.DeadStatement)},
		{"a pattern, and present", allow(role, `"kms:Decrypt"`, `{"StringLike":{`+via+`:"s3.*"},"Null":{`+via+`:"false"}}`), nil},
		{"a negated pattern, and absent", deny(role, `"kms:Decrypt"`, `{"StringNotLike":{`+via+`:"s3.*"},"Null":{`+via+`:"true"}}`), nil},
		{"true and false", allow(role, `"kms:CreateGrant"`, `{"Bool":{"kms:GrantIsForAWSResource":"true"},"BoolIfExists":{"kms:GrantIsForAWSResource":"false"}}`), found(lint.DeadStatement)},
		{"two ARNs", allow(service, `"kms:Decrypt"`, `{"StringEquals":{"aws:SourceArn":"arn:aws:s3:::a"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::b*"}}`), found(lint.DeadStatement)},
		{"an ARN and its pattern", allow(service, `"kms:Decrypt"`, `{"StringEquals":{"aws:SourceArn":"arn:aws:s3:::a:b"},"ArnLike":{"aws:SourceArn":"arn:*:s3:::a*"}}`), nil},
		{"a variable may be anything", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"x"},"StringLike":{`+via+`:["y","${aws:PrincipalTag/via}"]}}`), nil},
		{"a variable on the other side may be anything", allow(role, `"kms:Decrypt"`, `{"StringEquals":{`+via+`:"${aws:PrincipalTag/via}"},"StringLike":{`+via+`:"y"}}`), nil},
		{"what is not an ARN matches no ARN operator, not even its own text", allow(service, `"kms:Decrypt"`, `{"StringEquals":{"aws:SourceArn":"x"},"ArnEquals":{"aws:SourceArn":"x"}}`), found(lint.DeadStatement, lint.DeadStatement)},
		{"several values may be both", allow(role, `"kms:Encrypt"`, `{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"a"},"ForAnyValue:StringLike":{"kms:EncryptionContextKeys":"b*"}}`), nil},
		{"several values, whatever AWS makes of them without a set operator", allow(role, `"kms:Encrypt"`, `{"StringEquals":{"kms:EncryptionContextKeys":"a"},"StringLike":{"kms:EncryptionContextKeys":"b*"}}`), found(lint.MultiValuedKeyWithoutSetOperator, lint.MultiValuedKeyWithoutSetOperator)},
		{"a set operator is judged for what it is", allow(role, `"kms:Decrypt"`, `{"ForAnyValue:StringEquals":{`+via+`:"a"},"ForAnyValue:StringLike":{`+via+`:"b*"}}`), found(lint.SetOperatorOnSingleValuedKey, lint.SetOperatorOnSingleValuedKey)},
		{"two keys are not one", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:EncryptionContext:a":"x"},"StringLike":{"kms:EncryptionContext:b":"y"}}`), nil},
		{"numbers are not compared here", deny(anyone, `"kms:ScheduleKeyDeletion"`, `{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"7"},"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}`), nil},
	})
}
