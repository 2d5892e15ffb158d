package access_test

import (
	"encoding/json"
	"strings"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The generators draw policies that collide: few principals, few keys, few and short
// values, so that two of them often overlap and seldom mean the same by accident.

// element is one statement as a JSON object.
type element = map[string]any

// pairOf draws two policies: mostly the second is the first with a few changes.
func pairOf(r *rapid.T) (baseline, actual *policy.Document) {
	first := rapid.SliceOfN(statementsDrawn, 1, 4).Draw(r, "baseline")
	second := first
	if rapid.IntRange(0, 3).Draw(r, "independent") == 0 {
		second = rapid.SliceOfN(statementsDrawn, 1, 4).Draw(r, "actual")
	} else {
		for range rapid.IntRange(1, 2).Draw(r, "changes") {
			second = changed(r, second)
		}
	}
	return documentOf(r, versions.Draw(r, "version"), first...), documentOf(r, versions.Draw(r, "version"), second...)
}

var versions = weighted("2012-10-17", 8, "2008-10-17", 1, "", 1)

// documentOf writes a policy of statements and reads it.
func documentOf(r rapid.TB, version string, statements ...element) *policy.Document {
	text, err := json.Marshal(map[string]any{"Version": version, "Statement": statements})
	if err != nil {
		r.Fatal(err)
	}
	written := strings.Replace(string(text), `,"Version":""`, "", 1)
	d, err := policy.Parse(written)
	if err != nil {
		r.Fatalf("%v in %s", err, written)
	}
	return d
}

// changed returns statements with one thing changed.
func changed(r *rapid.T, list []element) []element {
	var result []element
	at := rapid.IntRange(0, len(list)-1).Draw(r, "at")
	what := rapid.SampledFrom([]string{"drop", "add", "effect", "principal", "action", "resource", "condition", "no condition", "one value"}).Draw(r, "change")
	for i, st := range list {
		if i != at {
			result = append(result, st)
			continue
		}
		copied := element{}
		for name, value := range st {
			copied[name] = value
		}
		switch what {
		case "drop":
			if len(list) > 1 {
				continue
			}
		case "add":
			result = append(result, statementsDrawn.Draw(r, "added"))
		case "effect":
			copied["Effect"] = map[any]string{"Allow": "Deny", "Deny": "Allow"}[st["Effect"]]
		case "no condition":
			delete(copied, "Condition")
		case "one value":
			copied["Condition"] = oneChanged(r, st["Condition"])
		default:
			other := statementsDrawn.Draw(r, "other")
			for _, name := range map[string][]string{"principal": {"Principal", "NotPrincipal"}, "action": {"Action", "NotAction"}, "resource": {"Resource", "NotResource"}, "condition": {"Condition"}}[what] {
				delete(copied, name)
				if value, ok := other[name]; ok {
					copied[name] = value
				}
			}
		}
		result = append(result, copied)
	}
	return result
}

// oneChanged returns a Condition element with the values of its first key drawn anew.
func oneChanged(r *rapid.T, conditions any) any {
	blocks, ok := conditions.(map[string]any)
	result := map[string]any{}
	for operator, keys := range blocks {
		block := map[string]any{}
		for key, values := range keys.(map[string]any) {
			if ok {
				values = valuesFor(operator, key).Draw(r, "values")
				ok = false
			}
			block[key] = values
		}
		result[operator] = block
	}
	return result
}

// weighted draws one of several values, each as often as the weight behind it says.
func weighted(valuesAndWeights ...any) *rapid.Generator[string] {
	var list []string
	for i := 0; i < len(valuesAndWeights); i += 2 {
		for range valuesAndWeights[i+1].(int) {
			list = append(list, valuesAndWeights[i].(string))
		}
	}
	return rapid.SampledFrom(list)
}

var statementsDrawn = rapid.Custom(func(r *rapid.T) element {
	st := element{"Effect": weighted("Allow", 2, "Deny", 1).Draw(r, "effect")}
	principal := "Principal"
	if rapid.IntRange(0, 9).Draw(r, "negated principal") == 0 {
		principal = "NotPrincipal"
	}
	st[principal] = principals.Draw(r, "principal")
	switch rapid.IntRange(0, 19).Draw(r, "action form") {
	case 0:
	case 1, 2:
		st["NotAction"] = listOf(actions).Draw(r, "not action")
	default:
		st["Action"] = listOf(actions).Draw(r, "action")
	}
	switch rapid.IntRange(0, 19).Draw(r, "resource form") {
	case 0:
		st["NotResource"] = listOf(resources).Draw(r, "not resource")
	case 1, 2:
		st["Resource"] = listOf(resources).Draw(r, "resource")
	default:
		st["Resource"] = "*"
	}
	if n := rapid.SampledFrom([]int{0, 1, 1, 1, 2, 2, 3}).Draw(r, "conditions"); n > 0 {
		st["Condition"] = conditions(r, n)
	}
	return st
})

// listOf draws a value or a list of up to three, seldom of none.
func listOf(one *rapid.Generator[string]) *rapid.Generator[any] {
	return rapid.Custom(func(r *rapid.T) any {
		switch rapid.IntRange(0, 9).Draw(r, "form") {
		case 0:
			return rapid.SliceOfN(one, 0, 1).Draw(r, "short list")
		case 1, 2, 3:
			return rapid.SliceOfN(one, 1, 3).Draw(r, "list")
		default:
			return one.Draw(r, "value")
		}
	})
}

var actions = weighted("kms:*", 3, "*", 1, "kms:Decrypt", 5, "kms:Encrypt", 2, "kms:*crypt", 2, "kms:De*", 2, "KMS:decrypt", 1, "kms:?ign", 1, "kms:Sign", 1, "kms:CreateKey", 1, "kms:ReEncrypt*", 1)

var resources = weighted("*", 4, key.ARN, 2, "arn:aws:kms:*:111122223333:key/*", 2, "arn:aws:s3:::*", 1, "arn:aws:kms:us-east-1:111122223333:key/${aws:username}", 1, "**", 1, "arn:aws:kms:us-east-1:111122223333:key/?234*", 1)

const (
	ownARN     = "arn:aws:iam::111122223333:"
	foreignARN = "arn:aws:iam::444455556666:"
)

var namedPrincipals = weighted(ownARN+"root", 3, "111122223333", 1, foreignARN+"root", 2, "444455556666", 1, "arn:aws-cn:iam::111122223333:root", 1,
	ownARN+"role/a", 4, ownARN+"role/b/a", 1, ownARN+"user/a", 3, ownARN+"user/b/a", 1, "arn:aws:sts::111122223333:assumed-role/a/b", 2,
	"arn:aws:sts::111122223333:federated-user/a", 1, foreignARN+"role/a", 2, "arn:aws:sts::444455556666:assumed-role/a/b", 1, foreignARN+"user/b", 1, "AIDAIIIIIIIIIIIIIIIII", 1, "*", 1)

var principals = rapid.Custom(func(r *rapid.T) any {
	switch rapid.IntRange(0, 9).Draw(r, "principal form") {
	case 0, 1:
		return "*"
	case 2:
		return element{"Service": weighted("s3.amazonaws.com", 2, "logs.us-east-1.amazonaws.com", 1).Draw(r, "service")}
	case 3:
		return element{"AWS": rapid.SliceOfN(namedPrincipals, 0, 4).Draw(r, "AWS"), "Service": "s3.amazonaws.com"}
	case 4:
		return element{"Federated": "cognito-identity.amazonaws.com", "AWS": namedPrincipals.Draw(r, "AWS")}
	default:
		return element{"AWS": listOf(namedPrincipals).Draw(r, "AWS")}
	}
})

// conditionKeys are few of each kind: free and determined, of each type, documented and
// unknown, with one value and several.
var conditionKeys = weighted("kms:ViaService", 4, "KMS:viaservice", 1, "test:unknown", 2, "aws:TagKeys", 3, "kms:EncryptionContextKeys", 2, "aws:SourceIp", 2,
	"kms:RotationPeriodInDays", 2, "aws:CurrentTime", 1, "aws:SourceArn", 2, "aws:MultiFactorAuthPresent", 1,
	"aws:PrincipalOrgID", 3, "aws:userid", 2, "aws:SourceAccount", 2, "aws:SecureTransport", 1, "kms:KeySpec", 1, "aws:RequestedRegion", 1,
	"kms:CallerAccount", 2, "aws:PrincipalAccount", 1, "aws:PrincipalArn", 4, "aws:PrincipalType", 1, "aws:username", 2, "aws:PrincipalIsAWSService", 1, "aws:PrincipalServiceName", 1, "aws:ResourceAccount", 1)

func conditions(r *rapid.T, n int) element {
	result := element{}
	for range n {
		key := conditionKeys.Draw(r, "key")
		operator := operatorFor(r, key)
		block, ok := result[operator].(element)
		if !ok {
			block = element{}
			result[operator] = block
		}
		block[key] = valuesFor(operator, key).Draw(r, "values")
	}
	return result
}

// operatorsOf are the operators that suit a key, by its name in lower case.
func operatorFor(r *rapid.T, key string) string {
	var base *rapid.Generator[string]
	text := weighted("StringEquals", 3, "StringNotEquals", 2, "StringLike", 4, "StringNotLike", 2, "StringEqualsIgnoreCase", 1, "StringNotEqualsIgnoreCase", 1, "Null", 2)
	switch {
	case rapid.IntRange(0, 11).Draw(r, "any operator") == 0:
		base = weighted("StringLike", 1, "StringEquals", 1, "NumericLessThan", 1, "Bool", 1, "IpAddress", 1, "ArnLike", 1, "BinaryEquals", 1, "DateLessThan", 1, "Null", 1, "NumericEquals", 1)
	case key == "aws:SourceIp":
		base = weighted("IpAddress", 2, "NotIpAddress", 1, "Null", 1)
	case key == "kms:RotationPeriodInDays":
		base = weighted("NumericEquals", 1, "NumericNotEquals", 1, "NumericLessThan", 1, "NumericLessThanEquals", 1, "NumericGreaterThan", 1, "NumericGreaterThanEquals", 1, "Null", 1)
	case key == "aws:CurrentTime":
		base = weighted("DateEquals", 1, "DateNotEquals", 1, "DateLessThan", 1, "DateLessThanEquals", 1, "DateGreaterThan", 1, "DateGreaterThanEquals", 1)
	case key == "aws:SourceArn" || key == "aws:PrincipalArn":
		base = weighted("ArnLike", 3, "ArnNotLike", 2, "ArnEquals", 1, "ArnNotEquals", 1, "StringLike", 3, "StringNotLike", 1, "StringEquals", 2, "Null", 1)
	case key == "aws:MultiFactorAuthPresent" || key == "aws:PrincipalIsAWSService" || key == "aws:SecureTransport":
		base = weighted("Bool", 3, "Null", 1)
	default:
		base = text
	}
	operator := base.Draw(r, "operator")
	if operator != "Null" && rapid.IntRange(0, 3).Draw(r, "if exists") == 0 {
		operator += "IfExists"
	}
	set := weighted("", 8, "ForAllValues:", 1, "ForAnyValue:", 1)
	if key == "aws:TagKeys" || key == "kms:EncryptionContextKeys" {
		set = weighted("", 1, "ForAllValues:", 4, "ForAnyValue:", 4)
	}
	return set.Draw(r, "set") + operator
}

// valuesFor draws values that an operator can read.
func valuesFor(operator, key string) *rapid.Generator[any] {
	o, err := policy.ParseOperator(operator)
	if err != nil {
		panic(err)
	}
	one := map[policy.Family]*rapid.Generator[string]{
		policy.NumericFamily: weighted("1", 2, "2", 2, "3", 1, "1.5", 1, "1.50", 1, "-1", 1, "1e1", 1),
		policy.DateFamily:    weighted("2026-01-01T00:00:00Z", 2, "2026-01-01", 1, "1767225600", 1, "2026-01-01T00:00:00.5Z", 1, "2027-01-01T00:00:00+01:00", 1),
		policy.BoolFamily:    weighted("true", 3, "false", 2, "True", 1),
		policy.NullFamily:    weighted("true", 2, "false", 2),
		policy.BinaryFamily:  weighted("QUJD", 1, "QUJE", 1),
		policy.IPFamily:      weighted("10.0.0.0/8", 2, "10.0.0.0/9", 2, "10.128.0.0/9", 2, "10.1.2.3/9", 1, "10.0.0.1", 1, "2001:db8::/32", 1, "::/0", 1, "0.0.0.0/0", 1),
	}[o.Family]
	if one == nil {
		one = textsFor(key)
	}
	return listOf(one)
}

func textsFor(key string) *rapid.Generator[string] {
	switch strings.ToLower(key) {
	case "kms:calleraccount", "aws:principalaccount", "aws:resourceaccount":
		return weighted("111122223333", 3, "444455556666", 2, "1111*", 1, "777788889999", 1, "*", 1, "${aws:PrincipalAccount}", 1)
	case "aws:principalarn":
		return weighted(ownARN+"role/a", 3, ownARN+"role/*", 2, ownARN+"user/a", 2, ownARN+"*", 1, "arn:aws:iam::*:role/a", 1, "arn:aws:iam::*:*/a", 1, ownARN+"role/b/*", 1, ownARN+"role/a*", 1, ownARN+"role/*b", 1, ownARN+"user/?", 1, ownARN+"user/a*", 1,
			ownARN+"user/${aws:username}", 1, foreignARN+"role/a", 1, "arn:aws:iam::*:root", 1, "*", 1, "*a", 1, ownARN+"role/?", 1, "arn:aws:sts::111122223333:federated-user/*", 1, "arn:aws:iam::777788889999:role/*", 1)
	case "aws:sourcearn":
		return weighted("arn:aws:s3:::a", 2, "arn:aws:s3:::*", 2, "arn:aws:s3:::a*", 2, "arn:aws:s3:::*b", 2, "arn:aws:s3:::?", 1, "arn:aws:s3:::*a*", 1, "arn:*:s3:::a", 1, "arn:aws:s3:*:*:a*", 2, "arn:aws:*:a", 1, "*", 1, "arn:aws:s3:::a:*", 1, "arn:aws:s3:${aws:PrincipalAccount}::a", 1)
	case "aws:requestedregion":
		return weighted("us-east-1", 2, "eu-west-1", 1, "us-*", 1, "*", 1)
	case "kms:keyspec":
		return weighted("SYMMETRIC_DEFAULT", 2, "HMAC_256", 1, "*", 1, "${kms:KeySpec}", 1)
	case "aws:userid":
		return weighted("*", 3, "AIDA*", 1, "?*", 1, "*:*", 1)
	case "aws:username":
		return weighted("a", 3, "b", 1, "a*", 2, "*b", 2, "?", 1, "*", 1, "${aws:username}", 1, "${aws:PrincipalType}", 1)
	case "aws:principaltype":
		return weighted("User", 2, "AssumedRole", 2, "Account", 1, "FederatedUser", 1, "*e*", 1)
	case "aws:principalservicename":
		return weighted("s3.amazonaws.com", 2, "logs.*.amazonaws.com", 1, "*.amazonaws.com", 1)
	default:
		return rapid.OneOf(words, words, words, weighted("${aws:username}", 1, "a${aws:username}", 1, "${aws:username, 'a'}", 1, "${test:unknown}", 1, "${*}", 1, "${?}a", 1, "a${$}", 1, "${aws:PrincipalTag/x, 'b'}", 1, "", 1, "${aws:username", 1))
	}
}

// words are short, of two letters and the wildcards.
var words = rapid.StringOfN(rapid.SampledFrom([]rune("aabb**?A")), 1, 4, -1)
