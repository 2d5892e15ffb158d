package recognition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// rewriting changes a policy.
type rewriting func(t testing.TB, d *policy.Document) *policy.Document

func replacing(old, replacement string) rewriting {
	return func(t testing.TB, d *policy.Document) *policy.Document { return changed(t, d, old, replacement) }
}

func replacingAll(old, replacement string) rewriting {
	return func(t testing.TB, d *policy.Document) *policy.Document {
		return parse(t, strings.ReplaceAll(changed(t, d, old, replacement).Text(), old, replacement))
	}
}

func adding(statements ...string) rewriting {
	return func(t testing.TB, d *policy.Document) *policy.Document { return with(t, d, statements...) }
}

// editing changes the statements: account, administrators, use, grants.
func editing(edit func(list []element) []element) rewriting {
	return func(t testing.TB, d *policy.Document) *policy.Document {
		return documentOf(t, edit(statementsOf(t, d)))
	}
}

const principalIs = `"Principal":"*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + admin + `"}}`

// respellings leave all that the policy allows.
var respellings = []struct {
	reason  string
	rewrite rewriting
}{
	{"the order of statements", editing(func(list []element) []element { slices.Reverse(list); return list })},
	{"one statement for each principal and action", editing(splitStatements)},
	{"every statement twice", editing(func(list []element) []element { return append(list, list...) })},
	{"use and grants have no Sid, the policy no Id", editing(func(list []element) []element {
		delete(list[2], "Sid")
		delete(list[3], "Sid")
		return list
	})},
	{"account ids are root ARNs", replacingAll(`"arn:aws:iam::444455556666:root"`, `"444455556666"`)},
	{"so is the key's own", replacingAll(`"arn:aws:iam::111122223333:root"`, `"111122223333"`)},
	{"actions ignore case", replacingAll(`"kms:`, `"KMS:`)},
	{"patterns are what they cover", replacing(`"kms:ReEncrypt*"`, `"kms:ReEncryptFrom", "kms:ReEncryptTo"`)},
	{"and the other way round", replacing(`"kms:TagResource", "kms:UntagResource"`, `"kms:*agResource"`)},
	{"condition keys ignore case", replacing(`"kms:GrantIsForAWSResource" : "true"`, `"KMS:grantisforawsresource" : ["true", "TRUE", true]`)},
	{"the key's own ARN is the key", replacingAll(`"Resource" : "*"`, `"Resource" : "`+key.ARN+`"`)},
	{"a statement for another key is dead", adding(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111122223333:key/other"}`)},
	{"a Deny of no action is dead", adding(`{"Effect":"Deny","Principal":"*","Action":"kms:Decrpyt","Resource":"*"}`)},
	{"a deleted principal is nobody", adding(`{"Effect":"Allow","Principal":{"AWS":"AROAIIIIIIIIIIIIIIIII"},"Action":"kms:*","Resource":"*"}`)},
	{"so is one of another partition", adding(`{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111122223333:role/Other"},"Action":"kms:*","Resource":"*"}`)},
	{"a session of an administrator is the administrator", adding(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/KeyAdmin/alice"},"Action":"kms:PutKeyPolicy","Resource":"*"}`)},
	{"a role of a user's account is in that account", adding(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/R"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"the account may with IAM what it may", adding(`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["kms:Decrypt","kms:PutKeyPolicy"],"Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`)},
	{"an administrator may create grants for services anyway", adding(`{"Effect":"Allow","Principal":{"AWS":"` + admin + `"},"Action":"kms:CreateGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}`)},
	{"each request of an administrator has a user id and a time", editing(func(list []element) []element {
		list[1]["Condition"] = element{"StringLike": element{"aws:userid": "*"}, "Null": element{"aws:CurrentTime": "false"}}
		return list
	})},
	{"everyone who is the administrator is the administrator", editing(func(list []element) []element {
		list[1]["Principal"] = "*"
		list[1]["Condition"] = element{"ArnEquals": element{"aws:PrincipalArn": admin}}
		return list
	})},
	{"everyone of an account is the account", editing(func(list []element) []element {
		list[2]["Principal"], list[3]["Principal"] = element{"AWS": app}, element{"AWS": []string{app, partner}}
		return append(list, element{"Effect": "Allow", "Principal": "*", "Action": list[2]["Action"], "Resource": "*",
			"Condition": element{"StringEquals": element{"kms:CallerAccount": "444455556666"}}})
	})},
	{"an Allow for an account that a Deny takes back", adding(`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*"],"Resource":"*"}`,
		`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::777788889999:root"},"Action":"kms:*","Resource":"*"}`)},
	{"a Deny whose two conditions contradict each other", adding(`{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Null":{"aws:SourceVpc":"true"},"StringEquals":{"aws:SourceVpc":"vpc-1"}}}`)},
	{"with and without a condition key is always", editing(func(list []element) []element {
		split := element{"Effect": "Allow", "Principal": list[1]["Principal"], "Action": list[1]["Action"], "Resource": "*", "Condition": element{"Null": element{"aws:SourceVpc": "true"}}}
		list[1]["Condition"] = element{"Null": element{"aws:SourceVpc": "false"}}
		return append(list, split)
	})},
}

func TestARespelledDefaultIsRecognised(t *testing.T) {
	whole := consoleDefault(t, symmetric, nil)
	for _, r := range respellings {
		got := identify(t, symmetric, r.rewrite(t, whole), recognition.Options{})
		if got.Verdict != recognition.Default || describe(got) != "2024-04+d+g+r" ||
			!slices.Equal(got.Forms[0].Administrators, []string{admin}) || !sameNames(got.Forms[0].Users, []string{app, partner}) {
			t.Errorf("%s: %s", r.reason, explain(got))
		}
	}
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// drifts are policies that are no default, with what a person would call the nearest:
// administrators | users, and the first difference: + may, - may not.
var drifts = []struct {
	reason             string
	rewrite            rewriting
	nearest, different string
}{
	{"a user lost an action", replacing(`"kms:Decrypt", `, ``), "KeyAdmin | App, 444455556666", "- kms:Decrypt"},
	{"an administrator lost the key policy", replacing(`"kms:Put*", `, ``), "KeyAdmin | App, 444455556666", "- kms:PutKeyPolicy"},
	{"an administrator may cancel a deletion, not schedule it", replacing(`"kms:ScheduleKeyDeletion", `, ``), "KeyAdmin | App, 444455556666", "- kms:ScheduleKeyDeletion"},
	{"an administrator may use the key a little", adding(`{"Effect":"Allow","Principal":{"AWS":"` + admin + `"},"Action":"kms:Decrypt","Resource":"*"}`),
		"KeyAdmin | App, 444455556666", "+ kms:Decrypt"},
	{"a user may administer a little", adding(`{"Effect":"Allow","Principal":{"AWS":"` + app + `"},"Action":"kms:PutKeyPolicy","Resource":"*"}`),
		"KeyAdmin | App, 444455556666", "+ kms:PutKeyPolicy"},
	{"the grants statement without its condition", editing(func(list []element) []element { delete(list[3], "Condition"); return list }),
		"KeyAdmin | App, 444455556666", "+ kms:CreateGrant"},
	{"the grants statement the other way round", replacing(`"kms:GrantIsForAWSResource" : "true"`, `"kms:GrantIsForAWSResource" : "false"`),
		"KeyAdmin | App, 444455556666", "+ kms:CreateGrant"},
	{"the grants statement is not for all users", editing(func(list []element) []element { list[3]["Principal"] = element{"AWS": app}; return list }),
		"KeyAdmin | App, 444455556666", "- kms:CreateGrant"},
	{"the grants statement is missing", editing(func(list []element) []element { return list[:3] }), "KeyAdmin | App, 444455556666", "- kms:CreateGrant"},
	{"an Allow for everyone", adding(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`), "KeyAdmin | App, 444455556666", "+ kms:Decrypt"},
	{"an Allow for a service", adding(`{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`), "KeyAdmin | App, 444455556666", "+ kms:Decrypt"},
	{"an Allow for a session", adding(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/Other/s"},"Action":"kms:Decrypt","Resource":"*"}`), "KeyAdmin | App, 444455556666", "+ kms:Decrypt"},
	{"an administrator of another account", adding(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:role/A"},"Action":"kms:Put*","Resource":"*"}`), "KeyAdmin | App, 444455556666", "+ kms:PutKeyPolicy"},
	{"a Deny", adding(`{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`), "KeyAdmin | App, 444455556666", "- kms:ScheduleKeyDeletion"},
	{"a Deny under a condition", adding(`{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}`),
		"KeyAdmin | App, 444455556666", "- kms:Decrypt"},
	{"a Deny of everything outside the organization does not hide whom the policy names", adding(`{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}`),
		"KeyAdmin | App", "- kms:PutKeyPolicy"},
	{"a Deny for an administrator takes what the account has, too", adding(`{"Effect":"Deny","Principal":{"AWS":"` + admin + `"},"Action":"kms:*","Resource":"*"}`),
		"KeyAdmin | App, 444455556666", "- kms:PutKeyPolicy"},
	{"a condition on the administrators", editing(func(list []element) []element {
		list[1]["Condition"] = element{"Bool": element{"aws:MultiFactorAuthPresent": "true"}}
		return list
	}), " | App, 444455556666", "+ kms:PutKeyPolicy"},
	{"another account's root in the account statement", replacing(`"AWS" : "arn:aws:iam::111122223333:root"`, `"AWS" : "arn:aws:iam::777788889999:root"`),
		"KeyAdmin | 777788889999, App, 444455556666", "- kms:PutKeyPolicy"},
	{"no account statement", editing(func(list []element) []element { return list[1:] }), "KeyAdmin | App, 444455556666", "- kms:PutKeyPolicy"},
	{"the account statement lacks an action", editing(func(list []element) []element {
		delete(list[0], "Action")
		list[0]["NotAction"] = "kms:Sign"
		return list
	}), "KeyAdmin | App, 444455556666", "- kms:Sign"},
	{"an administrator whose path is too long for IAM", replacingAll(admin, `arn:aws:iam::111122223333:role/`+strings.Repeat("long/", 200)+`KeyAdmin`),
		" | App, 444455556666", "+ kms:PutKeyPolicy"},
	{"a namesake in another partition is nobody, and no doubt", editing(func(list []element) []element {
		other := element{"Effect": "Allow", "Principal": element{"AWS": "arn:aws-cn:iam::111122223333:role/App"}, "Action": "kms:*", "Resource": "*"}
		extra := element{"Effect": "Allow", "Principal": element{"AWS": app}, "Action": "kms:Sign", "Resource": "*"}
		return append(list, other, extra)
	}), "KeyAdmin | App, 444455556666", "+ kms:Sign"},
	{"an administrator that IAM cannot have", replacingAll(admin, `arn:aws:iam::111122223333:role/no!`),
		" | App, 444455556666", "+ kms:PutKeyPolicy"},
	{"everyone whose name is the administrator's, in any path", adding(`{"Effect":"Allow","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*KeyAdmin"}}}`),
		"KeyAdmin | App, 444455556666", "+ kms:PutKeyPolicy"},
}

func TestADriftedDefaultIsNoneAndTheNearestIsWhatAPersonWouldSay(t *testing.T) {
	whole := consoleDefault(t, symmetric, nil)
	for _, drift := range drifts {
		r := identify(t, symmetric, drift.rewrite(t, whole), recognition.Options{})
		if r.Verdict != recognition.NotDefault {
			t.Errorf("%s: %s", drift.reason, explain(r))
			continue
		}
		if got := shortNames(r.Nearest.Administrators) + " | " + shortNames(r.Nearest.Users); got != drift.nearest {
			t.Errorf("%s: the nearest is %q, want %q", drift.reason, got, drift.nearest)
		}
		if !slices.ContainsFunc(differences(r), func(d string) bool { return d == drift.different }) {
			t.Errorf("%s: want a difference %q, got %s", drift.reason, drift.different, explain(r))
		}
	}
}

func shortNames(arns []string) string {
	names := make([]string, len(arns))
	for i, arn := range arns {
		names[i] = arn[strings.LastIndexByte(arn, '/')+1:]
		if account, ok := strings.CutSuffix(arn, ":root"); ok {
			names[i] = account[len(account)-12:]
		}
	}
	return strings.Join(names, ", ")
}

// differences returns each action of each difference with its sign.
func differences(r recognition.Result) []string {
	var list []string
	for _, d := range r.Comparison.Excess {
		for _, action := range d.Actions {
			list = append(list, "+ "+action)
		}
	}
	for _, d := range r.Comparison.Missing {
		for _, action := range d.Actions {
			list = append(list, "- "+action)
			if action == "kms:*" {
				list = append(list, "- kms:PutKeyPolicy")
			}
		}
	}
	return list
}

func TestWhatAWSLeavesOpenIsUndecidedAndOtherDifferencesStillCount(t *testing.T) {
	whole := consoleDefault(t, symmetric, nil)
	const (
		// ForAnyValue with IfExists has two readings where the key is absent.
		open    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Other"},"Action":"kms:*","Resource":"*","Condition":{"ForAnyValue:StringEqualsIfExists":{"kms:EncryptionContextKeys":"a"}}}`
		forAll  = `{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"*"}`
		except  = `{"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","444455556666"]},"Action":"kms:Decrypt","Resource":"*"}`
		openX   = `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:*","Resource":"*","Condition":{"ForAnyValue:StringEqualsIfExists":{"kms:EncryptionContextKeys":"a"}}}`
		foreign = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:role/Other"},"Action":"kms:Decrypt","Resource":"*"}`
		forSome = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Other"},"Action":"kms:Decrypt","Resource":"*"}`
	)
	tests := []struct {
		reason     string
		statements []string
		want       recognition.Verdict
		because    recognition.Reason
	}{
		{"whether Other is an administrator is open", []string{open}, recognition.Undecided, recognition.OpenPrincipal},
		{"everyone may sign, whatever Other is", []string{open, forAll}, recognition.NotDefault, ""},
		{"a namesake in another account is somebody else", []string{open, foreign}, recognition.NotDefault, ""},
		{"whether an account is a user is open", []string{openX}, recognition.Undecided, recognition.OpenPrincipal},
		{"whether a service has an ARN is open", []string{`{"Effect":"Allow","Action":"kms:PutKeyPolicy",` + strings.Replace(principalIs, "ArnEquals", "ArnEqualsIfExists", 1) + `}`}, recognition.Undecided, recognition.OpenComparison},
		{"whom a Deny exempts is open", []string{except}, recognition.Undecided, recognition.OpenComparison},
		{"that Other may decrypt counts only if Other is no user", []string{open, forSome}, recognition.Undecided, recognition.OpenPrincipal},
	}
	for _, test := range tests {
		r := identify(t, symmetric, with(t, whole, test.statements...), recognition.Options{})
		if r.Verdict != test.want || r.Reason != test.because {
			t.Errorf("%s: want %s %s, got %s", test.reason, test.want, test.because, explain(r))
		}
	}
	without := key
	without.ARN = ""
	named := changed(t, whole, `"Resource" : "*"`, `"Resource" : "`+key.ARN+`"`)
	if r := identifyAs(t, without, symmetric, named, recognition.Options{}); r.Verdict != recognition.Undecided {
		t.Errorf("whether a Resource is the key is open without its ARN: %s", explain(r))
	}
	if r := identifyAs(t, without, symmetric, whole, recognition.Options{}); r.Verdict != recognition.Default {
		t.Errorf("* is the key, whatever its ARN: %s", explain(r))
	}
}

// TestConditionsThatAlwaysHoldMakeNoDifference asks for what every request of a principal
// carries, which the policy need not ask for.
func TestConditionsThatAlwaysHoldMakeNoDifference(t *testing.T) {
	whole := consoleDefault(t, symmetric, func(o *defaultpolicy.Options) { o.Users = append(o.Users, admin2) })
	for principal, always := range map[string]element{
		admin2: {"aws:username": "alice", "aws:PrincipalType": "User", "aws:PrincipalArn": admin2, "aws:PrincipalAccount": key.Account,
			"kms:CallerAccount": key.Account, "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": key.Account},
		app: {"aws:PrincipalType": "AssumedRole", "aws:PrincipalArn": app, "aws:PrincipalAccount": key.Account,
			"kms:CallerAccount": key.Account, "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": key.Account},
		partner: {"aws:PrincipalAccount": "444455556666", "kms:CallerAccount": "444455556666", "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": key.Account},
	} {
		for name, value := range always {
			var list []element
			for _, st := range splitStatements(statementsOf(t, whole)) {
				if st["Principal"].(element)["AWS"] == principal && st["Condition"] == nil {
					st["Condition"] = element{"StringEquals": element{name: value}}
				}
				list = append(list, st)
			}
			if r := identify(t, symmetric, documentOf(t, list), recognition.Options{}); r.Verdict != recognition.Default {
				t.Errorf("%s is %s of every request of %s: %s", name, value, principal, explain(r))
			}
		}
	}
}

func TestPrincipalsKeepTheOrderOfThePolicy(t *testing.T) {
	d := changed(t, consoleDefault(t, symmetric, nil), `"`+app+`", "`+partner+`"`, `"444455556666", "`+admin2+`", "`+app+`"`)
	d = changed(t, d, `"`+app+`", "`+partner+`"`, `"`+app+`", "`+admin2+`", "444455556666"`)
	r := identify(t, symmetric, d, recognition.Options{})
	if r.Verdict != recognition.Default || fmt.Sprint(r.Forms[0].Users) != fmt.Sprint([]string{partner, admin2, app}) {
		t.Errorf("got %s", explain(r))
	}
}
