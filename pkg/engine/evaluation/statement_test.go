package evaluation

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestActions(t *testing.T) {
	for _, c := range []struct {
		reason, element, action string
		matched                 bool
	}{
		{"the name", `"Action":"kms:Decrypt"`, "kms:Decrypt", true},
		{"another name", `"Action":"kms:Encrypt"`, "kms:Decrypt", false},
		{"one of a list", `"Action":["kms:Encrypt","kms:Decrypt"]`, "kms:Decrypt", true},
		{"case does not matter", `"Action":"KMS:dECRYPT"`, "kms:Decrypt", true},
		{"a star at the end", `"Action":"kms:ReEncrypt*"`, "kms:ReEncryptTo", true},
		{"without the star it is no action", `"Action":"kms:ReEncrypt"`, "kms:ReEncryptTo", false},
		{"a star in the middle", `"Action":"kms:Generate*Plaintext"`, "kms:GenerateDataKeyWithoutPlaintext", true},
		{"a star matches nothing too", `"Action":"kms:Sign*"`, "kms:Sign", true},
		{"a question mark is one character", `"Action":"kms:?ign"`, "kms:Sign", true},
		{"not none", `"Action":"kms:?Sign"`, "kms:Sign", false},
		{"ReEncrypt and four characters", `"Action":"kms:ReEncrypt????"`, "kms:ReEncryptFrom", true},
		{"which ReEncryptTo has not", `"Action":"kms:ReEncrypt????"`, "kms:ReEncryptTo", false},
		{"all of KMS", `"Action":"kms:*"`, "kms:PutKeyPolicy", true},
		{"all", `"Action":"*"`, "kms:PutKeyPolicy", true},
		{"another service", `"Action":"s3:*"`, "kms:Decrypt", false},
		{"no prefix", `"Action":"Decrypt"`, "kms:Decrypt", false},
		{"a pattern is anchored", `"Action":"kms:crypt*"`, "kms:Decrypt", false},
		{"an empty list has no effect", `"Action":[]`, "kms:Decrypt", false},
		{"NotAction is the complement", `"NotAction":"kms:Encrypt"`, "kms:Decrypt", true},
		{"without what it lists", `"NotAction":["kms:Encrypt","kms:d*"]`, "kms:Decrypt", false},
		{"NotAction of another service is all of KMS", `"NotAction":"s3:*"`, "kms:Decrypt", true},
		{"NotAction of everything is nothing", `"NotAction":"*"`, "kms:Decrypt", false},
	} {
		want := map[bool]Decision{true: Allowed, false: ImplicitlyDenied}[c.matched]
		evaluateAll(t, []row{{c.reason, list(allow(aws(arnOf(own, "user/alice")), c.element)), user(own, "alice").asking(c.action), want}})
	}
}

func TestResources(t *testing.T) {
	other := `arn:aws:kms:us-east-1:111122223333:key/99999999-9999-9999-9999-999999999999`
	for _, c := range []struct {
		reason, element string
		want            Decision
	}{
		{"every key is this key", `"Resource":"*"`, Allowed},
		{"the key's own ARN", `"Resource":"` + keyARN + `"`, Allowed},
		{"another key: dead", `"Resource":"` + other + `"`, ImplicitlyDenied},
		{"one of a list", `"Resource":["` + other + `","` + keyARN + `"]`, Allowed},
		{"a pattern over the whole ARN", `"Resource":"arn:aws:kms:*:111122223333:key/*"`, Allowed},
		{"its star may match a colon", `"Resource":"arn:*:key/1234abcd*"`, Allowed},
		{"a pattern that ends too early", `"Resource":"arn:aws:kms:*:111122223333:key"`, ImplicitlyDenied},
		{"an ARN is case-sensitive", `"Resource":"arn:aws:KMS:*:111122223333:key/*"`, ImplicitlyDenied},
		{"the bare key id", `"Resource":"1234abcd-12ab-34cd-56ef-1234567890ab"`, ImplicitlyDenied},
		{"an alias", `"Resource":"arn:aws:kms:us-east-1:111122223333:alias/a"`, ImplicitlyDenied},
		{"an empty list has no effect", `"Resource":[]`, ImplicitlyDenied},
		{"NotResource of another key", `"NotResource":"` + other + `"`, Allowed},
		{"NotResource of this key", `"NotResource":"` + keyARN + `"`, ImplicitlyDenied},
		{"NotResource of every key", `"NotResource":"*"`, ImplicitlyDenied},
		{"a variable", `"Resource":"arn:aws:kms:*:${aws:PrincipalAccount}:key/*"`, Inconclusive},
		{"a variable beside the star", `"Resource":["*","${aws:PrincipalTag/key}"]`, Allowed},
		{"a variable in NotResource", `"NotResource":"${aws:PrincipalTag/key}"`, Inconclusive},
		{"NotResource that lists nothing", `"NotResource":[]`, Inconclusive},
	} {
		evaluateAll(t, []row{{c.reason, list(allow(aws(arnOf(own, "user/alice")), c.element)), user(own, "alice"), c.want}})
	}
	evaluateAll(t, []row{{"NotAction that lists nothing", list(allow(aws(arnOf(own, "user/alice")), `"NotAction":[]`)), user(own, "alice"), Inconclusive}})
}

func TestMissingElementsHaveNoEffect(t *testing.T) {
	evaluateAll(t, []row{
		{"an Allow without action", list(`{"Effect":"Allow","Principal":"*","Resource":"*"}`), user(own, "alice"), ImplicitlyDenied},
		{"an Allow without resource", list(`{"Effect":"Allow","Principal":"*","Action":"kms:*"}`), user(own, "alice"), ImplicitlyDenied},
		{"a Deny without action", list(allow(everyone), `{"Effect":"Deny","Principal":"*","Resource":"*"}`), user(own, "alice"), Allowed},
		{"a Deny without resource", list(allow(everyone), `{"Effect":"Deny","Principal":"*","Action":"kms:*"}`), user(own, "alice"), Allowed},
	})
}

func TestResourceOfAKeyWhoseARNIsUnknown(t *testing.T) {
	unknown := policy.Key{Partition: "aws", Account: own}
	for _, c := range []struct {
		reason, element string
		want            Decision
	}{
		{"every key", `"Resource":"*"`, Allowed},
		{"some key", `"Resource":"` + keyARN + `"`, Inconclusive},
		{"all keys but one", `"NotResource":"` + keyARN + `"`, Inconclusive},
		{"no key", `"NotResource":["*","` + keyARN + `"]`, ImplicitlyDenied},
	} {
		got, why := Evaluate(unknown, parse(t, policy.Version2012, allow(c.element)).Set, user(own, "alice"))
		if got != c.want {
			t.Errorf("%s: %s %v, want %s", c.reason, got, why, c.want)
		}
	}
}

func TestVariablesInResourceAreTextUnderTheOldVersion(t *testing.T) {
	for _, version := range []string{"", policy.Version2008} {
		got, why := Evaluate(theKey, parse(t, version, allow(`"Resource":"${aws:PrincipalTag/key}"`)).Set, user(own, "alice"))
		if got != ImplicitlyDenied {
			t.Errorf("version %q: %s %v", version, got, why)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"*", "", true}, {"*", "anything", true}, {"**", "", true},
		{"?", "", false}, {"?", "a", true}, {"?", "ä", true}, {"?", "ab", false}, {"??", "ab", true}, {"*?", "a", true}, {"?*", "", false},
		{"a*b", "ab", true}, {"a*b", "axxb", true}, {"a*b", "axxbc", false}, {"a*b", "b", false},
		{"a*b*", "axbx", true}, {"*ab*", "xaabx", true}, {"*ab*", "axb", false},
		{"*a*a*b", "aab", true}, {"*a*a*b", "ab", false}, {"*a?b", "aaab", true}, {"*aab", "aaab", true},
		{"a.c", "abc", false}, {"a+", "aa", false}, {"[ab]", "a", false}, {`\*`, "*", false}, {`\*`, `\x`, true},
	} {
		if got := matches(pattern(c.pattern), c.text); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
	if matches(literal("a*"), "ab") || !matches(literal("a*"), "a*") {
		t.Error("a literal star is a wildcard")
	}
}
