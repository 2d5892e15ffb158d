package rules_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestTheDefaultConfigurationHasNoProblem(t *testing.T) {
	for name, c := range map[string]*rules.Configuration{"zero": zero, "api": api, "console": console, "exactly": exactly} {
		if found := c.Check(); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestCheckFindsWhatContradictsItself(t *testing.T) {
	baseline := func(change func(*rules.Baseline)) func(*rules.Configuration) {
		return func(c *rules.Configuration) { change(&c.Baselines[0]) }
	}
	for _, row := range []struct {
		change func(*rules.Configuration)
		place  string
		detail string
	}{
		{func(c *rules.Configuration) { c.Default = "strict" }, "default", `there is no baseline "strict"; there are default`},
		{func(c *rules.Configuration) { c.Default = "defaults" }, "default", `there is no baseline "defaults"; did you mean "default"?`},
		{func(c *rules.Configuration) { c.Baselines = nil }, "baselines", "at least one baseline"},
		{func(c *rules.Configuration) { c.Rules = []rules.Rule{{Name: "r", Baseline: "x"}} }, "rules/0/baseline", `there is no baseline "x"`},
		{func(c *rules.Configuration) { c.Rules = []rules.Rule{{Name: "r"}, {Name: "r"}} }, "rules/1/name", "a name of its own"},
		{func(c *rules.Configuration) { c.Rules = []rules.Rule{{}} }, "rules/0/name", "a name of its own"},
		{func(c *rules.Configuration) { c.Rules = []rules.Rule{{Name: "default"}} }, "rules/0/name", `"default" is what outcomes say where no rule matches`},
		{func(c *rules.Configuration) {
			c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Accounts: []string{"1"}}}}
		}, "rules/0/match/accounts/0", "twelve digits"},
		{func(c *rules.Configuration) {
			c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Aliases: []string{"payments"}}}}
		}, "rules/0/match/aliases/0", "alias/"},
		{func(c *rules.Configuration) {
			c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Regions: []string{"us-*"}}}}
		}, "rules/0/match/regions/0", "a Region"},
		{
			func(c *rules.Configuration) {
				c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{KeySpecs: []defaultpolicy.KeySpec{"RSA"}}}}
			},
			"rules/0/match/keySpecs/0", "a key spec",
		},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Name = "" })}
		}, "exemptions/0/name", "findings name it"},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Owner = " " })}
		}, "exemptions/0/owner", "who answers"},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Reason = "" })}
		}, "exemptions/0/reason", "a reason"},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Expires = time.Time{} })}
		}, "exemptions/0/expires", "2027-01-31"},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Match = rules.Match{} })}
		}, "exemptions/0/match", "switches the guardrail off"},
		{func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Match.Keys = []string{"alias/x"} })}
		}, "exemptions/0/match/keys/0", "a key id or key ARN"},
		{func(c *rules.Configuration) { c.Repair.Budget.Repairs = 0 }, "repair/budget/repairs", "mode: report"},
		{func(c *rules.Configuration) { c.Repair.Budget.Window = 0 }, "repair/budget/window", "24h"},
		{func(c *rules.Configuration) { c.Repair.Budget.Window = 30 * 24 * time.Hour }, "repair/budget/window", "1m to 7d"},
		{func(c *rules.Configuration) { c.Repair.MaxPerHour.Account = 0 }, "repair/maxPerHour/account", "mode: report"},
		{func(c *rules.Configuration) { c.Repair.MaxPerHour.Total = 0 }, "repair/maxPerHour/total", "mode: report"},

		{baseline(func(b *rules.Baseline) { b.Style = defaultpolicy.API }), "baselines/default/administrators", "the API default names no administrators"},
		{baseline(func(b *rules.Baseline) { b.Integrations = []string{"cloudtrial"} }), "baselines/default/integrations/0", `no integration "cloudtrial"; did you mean "cloudtrail"?`},
		{baseline(func(b *rules.Baseline) { b.Match, b.Integrations = rules.ExactDefault, []string{"cloudtrail"} }), "baselines/default/match", "match: bounds"},
		{baseline(func(b *rules.Baseline) {
			b.Match, b.GuardrailAccess = rules.ExactDefault, "arn:aws:iam::111122223333:role/g"
		}), "baselines/default/guardrailAccess", "match: bounds"},
		{baseline(func(b *rules.Baseline) { b.GuardrailAccess = "arn:aws:iam::111122223333:user/g" }), "baselines/default/guardrailAccess", "the ARN of a role"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"*"} }), "baselines/default/users/permitted/0", "not allowed here"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"arn:aws:iam::*:role/x"} }), "baselines/default/users/permitted/0", "accounts that nobody chose"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"arn:*:iam::111122223333:role/*"} }), "baselines/default/users/permitted/0", "partition"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"role/x"} }), "baselines/default/users/permitted/0", "an ARN pattern such as"},
		{baseline(func(b *rules.Baseline) { b.Users.Required = []string{"arn:aws:iam::111122223333:role/*"} }), "baselines/default/users/required/0", "the ARN of a user or role"},
		{baseline(func(b *rules.Baseline) { b.Users.Required = []string{"AROAIIIIIIIIIIIIIIIII"} }), "baselines/default/users/required/0", "deleted"},
		{baseline(func(b *rules.Baseline) { b.Administrators.Required = []string{"arn:aws:iam::111122223333:root"} }), "baselines/default", "invalid-administrator"},
		{
			baseline(func(b *rules.Baseline) { b.Require = []rules.Template{`{"Effect":"Allow"}`} }),
			"baselines/default/require/0", "the statement has no Principal",
		},
		{baseline(func(b *rules.Baseline) {
			b.Users.Permitted = []string{"arn:${Partition}:iam::${AccountId}:role/*", "arn:aws:iam::111122223333:rolle/*"}
		}), "baselines/default/users/permitted/1", "user/…, role/… or root"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"arn:aws:iam::111122223333:rooty*"} }), "baselines/default/users/permitted/0", "user/…, role/… or root"},
		{baseline(func(b *rules.Baseline) {
			b.Administrators.Permitted = []string{"arn:aws:iam::111122223333:group/*"}
		}), "baselines/default/administrators/permitted/0", "user/…, role/… or root"},
		{baseline(func(b *rules.Baseline) { b.Users.Permitted = []string{"arn:aws:iam::111122223333:group/a"} }), "baselines/default/users/permitted/0", "a group cannot be a principal"},
		{baseline(func(b *rules.Baseline) {
			b.Administrators.Required = []string{"arn:aws:iam::${AccountId}:role/a", "arn:aws-cn:iam::${AccountId}:role/b"}
		}), "baselines/default", "aws-cn"},
	} {
		c := rules.DefaultConfiguration()
		c.Baselines[0].Integrations = []string{} // match: exact takes none
		row.change(c)
		found := c.Check()
		if len(found) == 0 || strings.Join(found[0].Place, "/") != row.place || !strings.Contains(found[0].Detail, row.detail) {
			t.Errorf("%+v, want %s: %s", found, row.place, row.detail)
		}
	}
}

// What is good for some keys is no problem: which key it is for, its text says.
func TestAGoodBaselineIsNotRefused(t *testing.T) {
	const in = "arn:aws-us-gov:iam::${AccountId}:role/"
	for _, row := range []struct {
		because string
		change  func(*rules.Baseline)
	}{
		{"a partition is given, the account is not", func(b *rules.Baseline) { b.Administrators.Required = []string{in + "Admin"} }},
		{"an account is given, the partition is not", func(b *rules.Baseline) {
			b.Administrators.Required = []string{"arn:${Partition}:iam::444455556666:role/Admin"}
		}},
		{"a permitted pattern tells the partition, too", func(b *rules.Baseline) {
			b.Users.Permitted, b.Require = []string{in + "*"}, []rules.Template{allow(`{"AWS":"`+in+`App"}`, "kms:Decrypt", "")}
		}},
		{"a required statement tells it", func(b *rules.Baseline) {
			b.Require = []rules.Template{allow(`{"AWS":"`+in+`App"}`, "kms:Decrypt", "")}
		}},
		{"permitted statements are each for keys of their partition", func(b *rules.Baseline) {
			b.Permit = []rules.Template{allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt", ""), allow(`{"AWS":"arn:aws-cn:iam::444455556666:root"}`, "kms:Decrypt", "")}
		}},
		{"patterns may stand for users and roles", func(b *rules.Baseline) {
			b.Users.Permitted = []string{"arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:r*", "arn:aws:iam::111122223333:user/?", "arn:aws:iam::111122223333:role*", "arn:aws:iam::111122223333:root"}
		}},
		{"a permitted condition may depend on the request", func(b *rules.Baseline) {
			b.Permit = []rules.Template{allow(`{"AWS":"`+admin+`"}`, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`)}
		}},
	} {
		if found := configured(row.change).Check(); len(found) > 0 {
			t.Errorf("%s: %+v", row.because, found)
		}
	}
}

// allow is a statement for the key.
func allow(principal, action, condition string) rules.Template {
	return rules.Template(`{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `","Resource":"*","Condition":{` + condition + `}}`)
}

func TestAStatementThatGivesNobodyAnythingIsAProblem(t *testing.T) {
	const app = `{"AWS":"arn:${Partition}:iam::${AccountId}:role/App"}`
	for _, row := range []struct {
		template rules.Template
		detail   string
		required bool // only where it is required
	}{
		{allow(app, "kms:Decrpt", ""), `did you mean "kms:Decrypt"?`, false},
		{allow(app, "kms:ViaService", ""), "is a condition key, not an action", false},
		{allow(app, "kms:Decrypt", `"StringEquals":{"aws:ResourceTag/team":"a"}`), "KMS refuses a key policy with", false},
		{allow(app, "kms:Decrypt", `"ForAllValues:StringEquals":{"kms:EncryptionContext:team":"a"}`), "kms:EncryptionContext", false},
		{allow(app, "kms:Decrypt", `"StringEquals":{"aws:RequestTag/team":"a"}`), "so the statement allows nothing", false},
		{allow(`{"AWS":"AROAIIIIIIIIIIIIIIIII"}`, "kms:Decrypt", ""), "the id of a role that was deleted", false},
		{allow(`{"Federated":"cognito-identity.amazonaws.com"}`, "kms:Decrypt", ""), "no request to KMS is made by", false},
		{allow(`{"AWS":["arn:aws:iam::444455556666:root","arn:aws-cn:iam::444455556666:root"]}`, "kms:Decrypt", ""), "another partition", false},
		{`{"Effect":"Allow","NotPrincipal":` + app + `,"Action":"kms:Decrypt","Resource":"*"}`, "does not support NotPrincipal with Allow", false},
		{`{"Effect":"Allow","Principal":` + app + `,"Action":"kms:Decrypt","Resource":"arn:aws:kms:*:${aws:PrincipalAccount}:key/*"}`, "may or may not be this key", false},
		{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`), "could not be proved", true},
	} {
		for _, field := range []string{"require", "permit"} {
			c := configured(func(b *rules.Baseline) {
				list := []rules.Template{allow(app, "kms:Encrypt", ""), row.template}
				if field == "require" {
					b.Require = list
				} else {
					b.Permit = list
				}
			})
			found := c.Check()
			if row.required && field == "permit" {
				if len(found) > 0 {
					t.Errorf("permitted: %+v", found)
				}
				continue
			}
			if len(found) != 1 || strings.Join(found[0].Place, "/") != "baselines/default/"+field+"/1" || !strings.Contains(found[0].Detail, row.detail) {
				t.Errorf("%s %s: %+v, want %s", field, row.template, found, row.detail)
			}
		}
	}
	c := configured(func(b *rules.Baseline) {
		b.Require = []rules.Template{allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt", ""), allow(`{"AWS":"arn:aws-cn:iam::444455556666:root"}`, "kms:Decrypt", "")}
	})
	if found := c.Check(); len(found) != 1 || found[0].Place[3] != "1" {
		t.Errorf("no key can have both required statements: %+v", found)
	}
}

func TestSomebodyMustBeAbleToChangeThePolicy(t *testing.T) {
	deny := func(condition string) rules.Template {
		return rules.Template(`{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*","Condition":{` + condition + `}}`)
	}
	for _, row := range []struct {
		condition string
		bad       bool
		because   string
	}{
		{`"Bool":{"aws:SecureTransport":"true"}`, true, "KMS has no endpoint without TLS"},
		{`"Bool":{"aws:SecureTransport":"false"}`, false, "nobody asks without TLS"},
		{`"StringEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}`, true, "the account is of its organization"},
		{`"StringNotEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}`, false, "the account is of its organization"},
		{`"StringNotEquals":{"aws:PrincipalOrgID":"o-zzzzzzzzzz"}`, false, "the organization is given"},
		{`"StringEquals":{"aws:RequestedRegion":"${Region}"}`, true, "a key is used in its Region"},
		{`"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}`, false, "the baseline is for the keys of a Region"},
		{`"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`, true, "it is later than that for ever"},
		{`"DateLessThan":{"aws:CurrentTime":"2028-01-01T00:00:00Z"}`, false, "a freeze ends"},
		{`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`, false, "a second factor is needed"},
		{`"Bool":{"aws:MultiFactorAuthPresent":"true"}`, false, "who has none may"},
		{`"StringNotEquals":{"aws:PrincipalTag/team":"security"}`, false, "who has the tag may"},
		{`"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, false, "who is there may"},
		{`"Bool":{"aws:SecureTransport":"true"},"ArnNotEquals":{"aws:PrincipalArn":"` + admin + `"}`, false, "a required administrator may"},
	} {
		c := configured(func(b *rules.Baseline) {
			b.Administrators.Required, b.Require = []string{admin}, []rules.Template{deny(row.condition)}
		})
		found := c.Check()
		if bad := len(found) > 0; bad != row.bad || bad && (found[0].Witness == nil || found[0].Place[2] != "require" || !strings.Contains(found[0].Detail, "nobody could ever change")) {
			t.Errorf("%s: %s: %+v", row.condition, row.because, found)
		}
	}
}

func TestAFloorOutsideItsCeilingIsAProblemWithAWitness(t *testing.T) {
	for _, row := range []struct {
		require string
		bad     bool
		reason  string
	}{
		{`{"Effect":"Deny","Principal":"*","Action":"kms:Put*","Resource":"*"}`, true, "nobody could change the policy"},
		{`{"Effect":"Deny","Principal":{"AWS":"` + admin + `"},"Action":"kms:Create*","Resource":"*"}`, true, "a required administrator could not administer"},
		{`{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`, false, "deletion is not required"},
		{`{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}}}`, false, "what is required stays possible under a condition"},
	} {
		c := configured(func(b *rules.Baseline) {
			b.Administrators.Required, b.Require = []string{admin}, []rules.Template{rules.Template(row.require)}
		})
		found := c.Check()
		if bad := len(found) > 0; bad != row.bad || bad && (found[0].Witness == nil || !strings.Contains(found[0].Detail, "not inside the ceiling")) {
			t.Errorf("%+v: %s", found, row.reason)
		}
	}
}

// Every field must count: a hash that misses one would call two configurations the same.
func TestEveryFieldIsPartOfTheConfigurationHash(t *testing.T) {
	c := rules.DefaultConfiguration()
	c.Rules = []rules.Rule{{Name: "r"}}
	c.Exemptions = []rules.Exemption{exemption(func(*rules.Exemption) {})}
	seen := map[string]string{c.Hash(): "nothing"}
	changed := 0
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
			return
		}
		if v.Kind() == reflect.Slice && v.Len() > 0 && v.Index(0).Kind() == reflect.Struct {
			walk(v.Index(0), path+"[0]")
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(another(t, v))
		if other, taken := seen[c.Hash()]; taken {
			t.Errorf("%s does not count: the hash is that of %s", path, other)
		}
		seen[c.Hash()] = path
		changed++
		v.Set(old)
	}
	walk(reflect.ValueOf(c).Elem(), "")
	if changed < 40 {
		t.Errorf("only %d fields were changed", changed)
	}
}

// another returns a value that is not the given one.
func another(t *testing.T, v reflect.Value) reflect.Value {
	t.Helper()
	n := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		n.SetString(v.String() + "x")
	case reflect.Bool:
		n.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		n.SetInt(v.Int() + 1)
	case reflect.Slice:
		n.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
	case reflect.Map:
		n.Set(reflect.ValueOf(map[string]string{"a": "b"}))
	case reflect.Struct:
		n.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Hour)))
	default:
		t.Fatalf("a field of kind %s: teach the test to change it", v.Kind())
	}
	return n
}
