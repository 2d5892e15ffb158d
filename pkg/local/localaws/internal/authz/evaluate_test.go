package authz

import (
	"fmt"
	"strings"
	"testing"
)

const (
	owner  = "111122223333"
	keyARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// Callers, with the bound ids that stand for their ARNs.
var (
	alice   = Subject{Partition: "aws", Account: owner, Layers: []string{"AIDAALICE"}}
	app     = Subject{Partition: "aws", Account: owner, Layers: []string{"AROAAPP", "AROAAPP:job"}}
	root    = Subject{Partition: "aws", Account: owner}
	partner = Subject{Partition: "aws", Account: "999988887777", Layers: []string{"AROAPARTNER", "AROAPARTNER:x"}}
)

// evaluate answers "denied", "direct", "delegated" or "nothing".
func evaluate(t *testing.T, statements string, r Request) string {
	t.Helper()
	d, err := ParseKeyPolicy(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.Action == "" {
		r.Action = "kms:Decrypt"
	}
	r.Resource = keyARN
	switch decision := d.EvaluateKeyPolicy(r, owner); {
	case decision.Denied:
		return "denied"
	case decision.Direct:
		return "direct"
	case decision.Delegated:
		return "delegated"
	}
	return "nothing"
}

func grant(effect, principal, rest string) string {
	return fmt.Sprintf(`{"Effect":%q,%s,%s}`, effect, principal, rest)
}

func TestPrincipalsReachTheCallersTheyName(t *testing.T) {
	const all = `"Action":"kms:*","Resource":"*"`
	aws := func(value string) string { return `"Principal":{"AWS":"` + value + `"}` }
	for _, row := range []struct {
		reason     string
		statements string
		subject    Subject
		want       string
	}{
		{"the account's root ARN delegates", grant("Allow", aws("arn:aws:iam::111122223333:root"), all), alice, "delegated"},
		{"so does the bare account id", grant("Allow", aws("111122223333"), all), app, "delegated"},
		{"the root user goes by its account", grant("Allow", aws("111122223333"), all), root, "delegated"},
		{"another partition's root ARN names nobody", grant("Allow", aws("arn:aws-cn:iam::111122223333:root"), all), alice, "nothing"},
		{"a user by name needs no identity policy", grant("Allow", aws("AIDAALICE"), all), alice, "direct"},
		{"a role covers its sessions", grant("Allow", aws("AROAAPP"), all), app, "direct"},
		{"a session covers itself", grant("Allow", aws("AROAAPP:job"), all), app, "direct"},
		{"but no other session", grant("Allow", aws("AROAAPP:other"), all), app, "nothing"},
		{"a name is not a prefix", grant("Allow", aws("AIDAALIC"), all), alice, "nothing"},
		{"everyone includes the own account", grant("Allow", aws("*"), all), alice, "direct"},
		{"and foreigners if their account agrees", grant("Allow", `"Principal":"*"`, all), partner, "delegated"},
		{"a foreign role by name needs its account too", grant("Allow", aws("AROAPARTNER"), all), partner, "delegated"},
		{"a service principal names no one else", grant("Allow", `"Principal":{"Service":"s3.amazonaws.com"}`, all), alice, "nothing"},
		{"named wins over delegated", grant("Allow", aws("111122223333"), all) + "," + grant("Allow", aws("AROAAPP"), all), app, "direct"},
		{"whatever the order in one statement", grant("Allow", `"Principal":{"AWS":["AROAAPP","111122223333"]}`, all), app, "direct"},
		{"a deny of the role wins over its name", grant("Allow", aws("AROAAPP"), all) + "," + grant("Deny", aws("AROAAPP"), all), app, "denied"},
		{"a deny of the account hits its users", grant("Allow", aws("AIDAALICE"), all) + "," + grant("Deny", aws("111122223333"), all), alice, "denied"},
		{"and its root user", grant("Deny", aws("111122223333"), all), root, "denied"},
		{"a deny of someone else does not", grant("Allow", aws("AIDAALICE"), all) + "," + grant("Deny", aws("AROAAPP"), all), alice, "direct"},
		{"NotPrincipal spares who is listed in all layers", grant("Deny", `"NotPrincipal":{"AWS":["111122223333","AIDAALICE"]}`, all), alice, "nothing"},
		{"but not without the account", grant("Deny", `"NotPrincipal":{"AWS":["AIDAALICE"]}`, all), alice, "denied"},
		{"nor without the session", grant("Deny", `"NotPrincipal":{"AWS":["111122223333","AROAAPP"]}`, all), app, "denied"},
		{"NotPrincipal hits the others", grant("Deny", `"NotPrincipal":{"AWS":["111122223333","AIDAALICE"]}`, all), partner, "denied"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if got := evaluate(t, row.statements, Request{Subject: row.subject}); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestActionsAndResourcesMatch(t *testing.T) {
	for _, row := range []struct {
		reason, rest string
		action, want string
	}{
		{"names fold case", `"Action":"KMS:decrypt","Resource":"*"`, "kms:Decrypt", "direct"},
		{"a star covers the rest", `"Action":"kms:Get*","Resource":"*"`, "kms:GetKeyPolicy", "direct"},
		{"a question mark covers one", `"Action":"kms:ReEncrypt????","Resource":"*"`, "kms:ReEncryptFrom", "direct"},
		{"and no more", `"Action":"kms:ReEncrypt????","Resource":"*"`, "kms:ReEncryptTo", "nothing"},
		{"another service", `"Action":"s3:*","Resource":"*"`, "kms:Decrypt", "nothing"},
		{"one of a list", `"Action":["kms:Sign","kms:Verify"],"Resource":"*"`, "kms:Verify", "direct"},
		{"NotAction is the complement", `"NotAction":["kms:Put*"],"Resource":"*"`, "kms:GetKeyPolicy", "direct"},
		{"and excludes", `"NotAction":["kms:Put*"],"Resource":"*"`, "kms:PutKeyPolicy", "nothing"},
		{"no action at all", `"Resource":"*"`, "kms:Decrypt", "nothing"},
		{"no resource at all", `"Action":"kms:*"`, "kms:Decrypt", "nothing"},
		{"the key's own ARN", `"Action":"kms:*","Resource":"` + keyARN + `"`, "kms:Decrypt", "direct"},
		{"a glob over ARNs", `"Action":"kms:*","Resource":"arn:aws:kms:*:111122223333:key/*"`, "kms:Decrypt", "direct"},
		{"another key", `"Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111122223333:key/other"`, "kms:Decrypt", "nothing"},
		{"NotResource is the complement", `"Action":"kms:*","NotResource":"arn:aws:s3:::*"`, "kms:Decrypt", "direct"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			statements := grant("Allow", `"Principal":"*"`, row.rest)
			if got := evaluate(t, statements, Request{Subject: alice, Action: row.action}); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	context := Context{}
	context.Set("kms:ViaService", "s3.us-east-1.amazonaws.com")
	context.Set("aws:SourceIp", "192.0.2.7")
	context.Set("aws:PrincipalArn", "arn:aws:iam::111122223333:role/ops/Admin")
	context.Set("aws:username", "Alice")
	context.Set("kms:ScheduleKeyDeletionPendingWindowInDays", "7")
	context.Set("aws:CurrentTime", "2026-11-23T10:00:00Z")
	context.Set("kms:MultiRegion", "false")
	context.Set("aws:TagKeys", "Team", "Cost")
	context.Set("odd:star", "a*b")
	for _, row := range []struct {
		reason, condition string
		want              bool
	}{
		{"equal", `{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`, true},
		{"key names fold case", `{"StringEquals":{"KMS:viaservice":"s3.us-east-1.amazonaws.com"}}`, true},
		{"values do not", `{"StringEquals":{"kms:ViaService":"S3.us-east-1.amazonaws.com"}}`, false},
		{"unless asked to", `{"StringEqualsIgnoreCase":{"kms:ViaService":"S3.us-east-1.amazonaws.com"}}`, true},
		{"StringEquals has no wildcards", `{"StringEquals":{"kms:ViaService":"s3.*.amazonaws.com"}}`, false},
		{"StringLike has", `{"StringLike":{"kms:ViaService":"s?.*.amazonaws.com"}}`, true},
		{"values are OR-ed", `{"StringEquals":{"kms:ViaService":["x","s3.us-east-1.amazonaws.com"]}}`, true},
		{"negated values are NOR-ed", `{"StringNotEquals":{"kms:ViaService":["x","s3.us-east-1.amazonaws.com"]}}`, false},
		{"keys are AND-ed", `{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","aws:username":"Bob"}}`, false},
		{"operators are AND-ed", `{"StringLike":{"kms:ViaService":"*"},"Bool":{"kms:MultiRegion":"true"}}`, false},
		{"absent key fails", `{"StringEquals":{"aws:SourceVpce":"x"}}`, false},
		{"absent key passes a negated operator", `{"StringNotEquals":{"aws:SourceVpce":"x"}}`, true},
		{"absent key passes IfExists", `{"StringEqualsIfExists":{"aws:SourceVpce":"x"}}`, true},
		{"present key must still match IfExists", `{"StringEqualsIfExists":{"aws:username":"Bob"}}`, false},
		{"Null true is absent", `{"Null":{"aws:SourceVpce":"true"}}`, true},
		{"Null false is present", `{"Null":{"aws:username":false}}`, true},
		{"Null of a present key", `{"Null":{"aws:username":"true"}}`, false},
		{"Bool", `{"Bool":{"kms:MultiRegion":false}}`, true},
		{"numbers by value", `{"NumericLessThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"7.0"}}`, true},
		{"numbers the other way", `{"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":7}}`, false},
		{"dates in both forms", `{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"},"DateLessThan":{"aws:CurrentTime":"1800000000"}}`, true},
		{"address in network", `{"IpAddress":{"aws:SourceIp":"192.0.2.1/24"}}`, true},
		{"address alone is one host", `{"IpAddress":{"aws:SourceIp":"192.0.2.8"}}`, false},
		{"address not in a network of the other family", `{"NotIpAddress":{"aws:SourceIp":"2001:db8::/32"}}`, true},
		{"ARN by parts", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*/Admin"}}`, true},
		{"ArnEquals is ArnLike", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`, true},
		{"a wildcard does not cross a colon", `{"ArnLike":{"aws:PrincipalArn":"arn:*:role/ops/Admin"}}`, false},
		{"every value of the request", `{"ForAllValues:StringEquals":{"aws:TagKeys":["Team","Cost","More"]}}`, true},
		{"not every value", `{"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}`, false},
		{"ForAllValues over an absent key", `{"ForAllValues:StringEquals":{"a:none":["x"]}}`, true},
		{"some value of the request", `{"ForAnyValue:StringEquals":{"aws:TagKeys":["Cost"]}}`, true},
		{"ForAnyValue over an absent key", `{"ForAnyValue:StringEquals":{"a:none":["x"]}}`, false},
		{"ForAnyValue with IfExists over an absent key", `{"ForAnyValue:StringEqualsIfExists":{"a:none":["x"]}}`, true},
		{"ForAnyValue negated: some value is another", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["Cost"]}}`, true},
		{"several values under a plain operator never match", `{"StringEquals":{"aws:TagKeys":["Team","Cost"]}}`, false},
		{"variable", `{"StringLike":{"aws:PrincipalArn":"*:role/${kms:None, 'ops'}/*"}}`, true},
		{"variable of the request", `{"StringEquals":{"aws:username":"${aws:username}"}}`, true},
		{"unresolved variable matches nothing", `{"StringLike":{"aws:username":"${a:none}*"}}`, false},
		{"and passes a negated operator", `{"StringNotLike":{"aws:username":"${a:none}*"}}`, true},
		{"a literal star", `{"StringLike":{"odd:star":"a${*}b"}}`, true},
		{"a literal star is no wildcard", `{"StringLike":{"aws:username":"${*}"}}`, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			statements := grant("Allow", `"Principal":"*"`, `"Action":"*","Resource":"*","Condition":`+row.condition)
			got := evaluate(t, statements, Request{Subject: alice, Context: context}) == "direct"
			if got != row.want {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}

func TestOldVersionTakesVariablesLiterally(t *testing.T) {
	context := Context{}
	context.Set("aws:username", "${aws:username}")
	d, err := ParseKeyPolicy(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:username}"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if !d.EvaluateKeyPolicy(Request{Subject: alice, Action: "kms:Decrypt", Resource: keyARN, Context: context}, owner).Direct {
		t.Error("the text did not match itself")
	}
}

func TestDenyOfAnIdentityPolicyIsReported(t *testing.T) {
	d, err := ParseIdentityPolicy(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"kms:Put*","Resource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{"kms:PutKeyPolicy": "true true", "kms:GetKeyPolicy": "true false"} {
		allowed, denied := EvaluateIdentityPolicies([]*Document{d}, Request{Subject: alice, Action: action, Resource: keyARN})
		if got := fmt.Sprint(allowed, " ", denied); got != want {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
}

func TestEveryOperatorIsDecided(t *testing.T) {
	for name, op := range operators {
		if name == "Null" {
			continue
		}
		if op.test == nil {
			t.Errorf("%s has no test", name)
		}
		if strings.Contains(name, "Not") != op.negated {
			t.Errorf("%s: negated is %v", name, op.negated)
		}
	}
}
