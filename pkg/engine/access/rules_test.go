package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// rule is one rule of what a policy allows, with pairs of policies that it decides.
type rule struct {
	name  string
	pairs []rulePair
}

type rulePair struct {
	verdict          access.Verdict
	reason           string
	baseline, actual []string // statements
}

// Verdicts, short.
const (
	same  = access.Equal
	other = access.Different
	open  = access.Undecided
)

// allow and deny return a statement for kms:Decrypt. A principal is "*" or what stands
// under AWS; a condition is the inside of a Condition element, "" for none.
func allow(principal, condition string) string { return statement("Allow", principal, condition) }
func deny(principal, condition string) string  { return statement("Deny", principal, condition) }

func statement(effect, principal, condition string) string {
	switch {
	case strings.HasPrefix(principal, "{"):
	case strings.HasPrefix(principal, "["):
		principal = `{"AWS":` + principal + `}`
	case principal == "*":
		principal = `"*"`
	default:
		principal = `{"AWS":"` + principal + `"}`
	}
	if condition != "" {
		condition = `,"Condition":{` + condition + `}`
	}
	return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"kms:Decrypt","Resource":"*"` + condition + `}`
}

// on returns a statement that allows everyone to decrypt, under a condition.
func on(condition string) string { return allow("*", condition) }

// instead returns a statement with one text replaced by another.
func instead(statement, old, replacement string) string {
	if !strings.Contains(statement, old) {
		panic(statement + " does not contain " + old)
	}
	return strings.Replace(statement, old, replacement, 1)
}

const (
	ownRoot     = "arn:aws:iam::111122223333:root"
	ownRole     = "arn:aws:iam::111122223333:role/app"
	ownUser     = "arn:aws:iam::111122223333:user/alice"
	ownSession  = "arn:aws:sts::111122223333:assumed-role/app/s"
	foreignRoot = "arn:aws:iam::444455556666:root"
	foreignRole = "arn:aws:iam::444455556666:role/app"
	s3          = `{"Service":"s3.amazonaws.com"}`
	viaA        = `"StringEquals":{"kms:ViaService":"a"}`
	// version2008 in front of the statements says that the policy has no variables.
	version2008 = "2008-10-17"
)

func policyOf(t testing.TB, statements []string) *policy.Document {
	t.Helper()
	version := policy.Version2012
	if statements[0] == version2008 {
		version, statements = statements[0], statements[1:]
	}
	d, err := policy.Parse(`{"Version":"` + version + `","Statement":[` + strings.Join(statements, ",") + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryRuleOfTheSemanticsHasAPair(t *testing.T) {
	t.Parallel()
	for _, rules := range [][]rule{requestRules, statementRules, conditionRules, valueRules, variableRules, availabilityRules} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				verdicts := map[access.Verdict]bool{}
				for _, p := range r.pairs {
					verdicts[p.verdict] = true
					checkPair(t, p)
					checkBothWays(t, policyOf(t, p.baseline), policyOf(t, p.actual))
				}
				if !verdicts[same] || !verdicts[other] {
					t.Error("the rule has no pair that it makes equal, or none that it makes different")
				}
			})
		}
	}
}

// checkPair compares both ways round, and holds the answer against sampled requests.
func checkPair(t *testing.T, p rulePair) {
	t.Helper()
	a, b := policyOf(t, p.baseline), policyOf(t, p.actual)
	sampled := newSampler(a, b).requests(atLeast(60, 2000), a, b)
	for _, c := range []comparison{compare(a, b), compare(b, a)} {
		if c.result.Verdict != p.verdict {
			t.Errorf("%s: %s, want %s; %+v\n%s\n%s", p.reason, c.result.Verdict, p.verdict, c.result.Inconclusive, c.baseline.Text(), c.actual.Text())
		}
		found := append(c.contradictions(sampled, decide(c.baseline, sampled), decide(c.actual, sampled)), c.unprovedActions()...)
		if p.verdict == open { // what is in doubt is known to be, and not found out by the evaluator
			found = slices.DeleteFunc(found, func(problem string) bool { return !strings.HasPrefix(problem, disagree) })
		}
		if len(found) > 0 {
			t.Errorf("%s: %s\n%s\n%s", p.reason, strings.Join(found, "\n"), c.baseline.Text(), c.actual.Text())
		}
	}
}

// requestRules are those of section 1: what a request is.
var requestRules = []rule{
	{"a named principal needs no IAM policy, an account's principals do", []rulePair{
		{same, "the account includes its root user, who needs no IAM policy", []string{allow(ownRoot, "")},
			[]string{allow(ownRoot, ""), on(`"StringEquals":{"aws:PrincipalType":"Account","kms:CallerAccount":"111122223333"}`)}},
		{other, "naming a role of the account gives it direct access", []string{allow(ownRoot, "")}, []string{allow(ownRoot, ""), allow(ownRole, "")}},
	}},
	{"an action that the key's type cannot perform counts", []rulePair{
		{same, "kms:* is the list of all actions", []string{instead(allow(ownRole, ""), `"kms:Decrypt"`, `"kms:*"`)},
			[]string{instead(allow(ownRole, ""), `"kms:Decrypt"`, `["`+strings.Join(access.AllActions.Names(), `","`)+`"]`)}},
		{other, "kms:VerifyMac is access to any key", []string{allow(ownRole, "")}, []string{instead(allow(ownRole, ""), `"kms:Decrypt"`, `["kms:Decrypt","kms:VerifyMac"]`)}},
		{other, "cross-account use of kms:PutKeyPolicy counts", []string{allow(foreignRoot, "")}, []string{instead(allow(foreignRoot, ""), `"kms:Decrypt"`, `["kms:Decrypt","kms:PutKeyPolicy"]`)}},
	}},
	{"aws:PrincipalArn is the principal's own ARN", []rulePair{
		{same, "everyone who is alice is alice", []string{allow(ownUser, "")}, []string{on(`"StringEquals":{"aws:PrincipalArn":"` + ownUser + `"}`)}},
		{same, "the account's principals whose ARN is alice's are alice", []string{allow(ownRoot, ""), allow(ownUser, "")}, []string{allow(ownRoot, ""), on(`"ArnEquals":{"aws:PrincipalArn":"` + ownUser + `"}`)}},
		{same, "a pattern that no ARN of a principal matches", []string{allow(ownRoot, "")}, []string{allow(ownRoot, ""), on(`"ArnLike":{"aws:PrincipalArn":"arn:aws:s3:::*"}`)}},
		{other, "a path is part of the ARN", []string{allow(ownUser, "")}, []string{on(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/*alice"}`)}},
		{other, "the account root with a pattern leaves out the others", []string{allow(ownRoot, "")}, []string{allow(ownRoot, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}`)}},
		{other, "two patterns that overlap", []string{allow(ownRoot, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a*b"}`)},
			[]string{allow(ownRoot, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*ab"}`)}},
		{other, "a colon may be part of a path", []string{deny("*", "")}, []string{on(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/a:b/*"}`)}},
	}},
	{"a session has the ARN of its role, with path", []rulePair{
		{same, "the role's ARN admits the role and its sessions", []string{allow(ownRole, "")}, []string{allow(ownRole, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}`)}},
		{other, "a session's own ARN is never aws:PrincipalArn", []string{allow(ownSession, "")}, []string{allow(ownSession, `"ArnEquals":{"aws:PrincipalArn":"`+ownSession+`"}`)}},
		{other, "one role of the session's name is not all of them", []string{allow(ownSession, "")}, []string{allow(ownSession, `"StringEquals":{"aws:PrincipalArn":"`+ownRole+`"}`)}},
		{other, "the ARN of a session does not tell the path of its role", []string{deny("*", "")}, []string{allow(ownSession, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/team/*"}`)}},
	}},
	{"aws:PrincipalType is User, AssumedRole, Account or FederatedUser", []rulePair{
		{same, "all types are all principals but services", []string{on(`"StringEquals":{"aws:PrincipalType":["User","AssumedRole","Account","FederatedUser"]}`)}, []string{on(`"Bool":{"aws:PrincipalIsAWSService":"false"}`)}},
		{other, "root users have a type of their own", []string{on(`"StringEquals":{"aws:PrincipalType":["User","AssumedRole","FederatedUser"]}`)}, []string{on(`"Bool":{"aws:PrincipalIsAWSService":"false"}`)}},
	}},
	{"kms:CallerAccount is aws:PrincipalAccount", []rulePair{
		{same, "one for the other", []string{on(`"StringEquals":{"kms:CallerAccount":"444455556666"}`)}, []string{on(`"StringEquals":{"aws:PrincipalAccount":"444455556666"}`)}},
		{same, "of a foreign account, everyone with that caller account is the account", []string{allow(foreignRoot, "")}, []string{on(`"StringEquals":{"kms:CallerAccount":"444455556666"}`)}},
		{other, "of the own account it is more: * is direct access, the account is delegated", []string{allow(ownRoot, "")}, []string{on(`"StringEquals":{"kms:CallerAccount":"111122223333"}`)}},
		{other, "a pattern of account ids takes in accounts that nobody names", []string{on(`"StringEquals":{"kms:CallerAccount":"444455556666"}`)}, []string{on(`"StringLike":{"kms:CallerAccount":"44445555666?"}`)}},
	}},
	{"aws:username is the last part of a user's path, and absent for others", []rulePair{
		{same, "alice with and without a path", []string{on(`"StringEquals":{"aws:username":"alice"}`)}, []string{on(`"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:user/alice","arn:aws:iam::*:user/*/alice"]}`)}},
		{same, "whoever has a user name is a user", []string{on(`"Null":{"aws:username":"false"}`)}, []string{on(`"StringEquals":{"aws:PrincipalType":"User"}`)}},
		{other, "alice with a path is alice too", []string{on(`"StringEquals":{"aws:username":"alice"}`)}, []string{on(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/alice"}`)}},
	}},
	{"aws:PrincipalServiceName is the service", []rulePair{
		{same, "everyone who is the service is the service", []string{allow(s3, "")}, []string{on(`"StringEquals":{"aws:PrincipalServiceName":"s3.amazonaws.com"}`)}},
		{same, "whoever has a service name is a service", []string{on(`"Null":{"aws:PrincipalServiceName":"false"}`)}, []string{on(`"Bool":{"aws:PrincipalIsAWSService":"true"}`)}},
		{other, "a pattern takes in other services", []string{allow(s3, "")}, []string{on(`"StringLike":{"aws:PrincipalServiceName":"s3.*amazonaws.com"}`)}},
	}},
	{"aws:ResourceAccount is the key's account", []rulePair{
		{same, "always so", []string{on("")}, []string{on(`"StringEquals":{"aws:ResourceAccount":"111122223333"}`)}},
		{other, "never another", []string{on("")}, []string{on(`"StringEquals":{"aws:ResourceAccount":"444455556666"}`)}},
	}},
	{"every other key is free, for every action", []rulePair{
		{same, "a Deny under a condition of what is not allowed", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), instead(deny("*", viaA), "kms:Decrypt", "kms:Sign")}},
		{other, "even a key that AWS never sends for the action", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), deny("*", `"NumericLessThan":{"kms:RotationPeriodInDays":"90"}`)}},
	}},
}

// statementRules are those of section 2: when a policy allows a request.
var statementRules = []rule{
	{"a matching Deny wins", []rulePair{
		{same, "what is allowed and denied is not allowed", []string{allow(ownRole, ""), deny("*", "")}, []string{deny("*", "")}},
		{same, "a Deny that removes nothing", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), instead(deny("*", ""), "kms:Decrypt", "kms:Sign")}},
		{other, "a Deny of one of two", []string{allow(ownRole, ""), allow(ownUser, "")}, []string{allow(ownRole, ""), allow(ownUser, ""), deny(ownUser, "")}},
	}},
	{"a Deny for an account covers all its principals, in both halves", []rulePair{
		{same, "the root user and sessions among them", []string{on(""), deny(ownRoot, "")}, []string{on(""), deny(ownRoot, ""), deny(ownSession, ""), deny("*", `"StringEquals":{"kms:CallerAccount":"111122223333"}`)}},
		{other, "not those of other accounts", []string{on(""), deny(ownRoot, "")}, []string{on(""), deny(foreignRoot, "")}},
	}},
	{"a Deny for a role covers its sessions", []rulePair{
		{same, "each of them", []string{on(""), deny(ownRole, "")}, []string{on(""), deny(ownRole, ""), deny(ownSession, "")}},
		{other, "a Deny for one session leaves the role", []string{on(""), deny(ownRole, "")}, []string{on(""), deny(ownSession, "")}},
	}},
	{"a Deny for * covers services", []rulePair{
		{same, "nothing is left", []string{on(""), allow(s3, ""), deny("*", "")}, []string{deny("*", "")}},
		{other, "a Deny for identities leaves services", []string{on(""), deny("*", `"Bool":{"aws:PrincipalIsAWSService":"false"}`)}, []string{deny("*", "")}},
		{open, "a Deny for all accounts by condition may leave services", []string{on(""), deny("*", `"Null":{"aws:PrincipalAccount":"false"}`)}, []string{deny("*", "")}},
	}},
	{"an account is its root ARN or its id", []rulePair{
		{same, "id and root ARN", []string{allow(ownRoot, "")}, []string{allow("111122223333", "")}},
		{same, "of another account too", []string{allow(foreignRoot, "")}, []string{allow("444455556666", "")}},
		{other, "the id of another account", []string{allow(ownRoot, "")}, []string{allow("444455556666", "")}},
		{other, "the root ARN of another partition is nobody", []string{allow(ownRoot, "")}, []string{allow("arn:aws-cn:iam::111122223333:root", "")}},
	}},
	{"a principal of another partition is nobody", []rulePair{
		{same, "a statement for one is dead", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), allow("arn:aws-us-gov:iam::111122223333:role/x", "")}},
		{other, "the same name in this partition is somebody", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), allow("arn:aws:iam::111122223333:role/x", "")}},
	}},
	{"a role covers its sessions, by the last part of its path", []rulePair{
		{same, "a session beside its role", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), allow(ownSession, "")}},
		{same, "of a role with a path too", []string{allow("arn:aws:iam::111122223333:role/team/app", "")}, []string{allow("arn:aws:iam::111122223333:role/team/app", ""), allow(ownSession, "")}},
		{other, "a session does not cover its role, or other sessions", []string{allow(ownRole, "")}, []string{allow(ownSession, "")}},
		{other, "nor a session of another role", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), allow("arn:aws:sts::111122223333:assumed-role/other/s", "")}},
	}},
	{"a user does not cover federated users", []rulePair{
		{same, "the account does", []string{allow(foreignRoot, "")}, []string{allow(foreignRoot, ""), allow("arn:aws:sts::444455556666:federated-user/alice", "")}},
		{other, "not even its namesake", []string{allow(ownUser, "")}, []string{allow(ownUser, ""), allow("arn:aws:sts::111122223333:federated-user/alice", "")}},
	}},
	{"principals of other accounts need their own account too", []rulePair{
		{same, "so a foreign role is part of its account", []string{allow(foreignRoot, "")}, []string{allow(foreignRoot, ""), allow(foreignRole, "")}},
		{same, "and * gives a foreign role no more than its name does", []string{allow(foreignRole, "")}, []string{on(`"ArnEquals":{"aws:PrincipalArn":"` + foreignRole + `"}`)}},
		{other, "an own role is more than its account", []string{allow(ownRoot, "")}, []string{allow(ownRoot, ""), allow(ownRole, "")}},
	}},
	{"two named principals are two", []rulePair{
		{same, "in any order", []string{allow(`["`+ownRole+`","`+ownUser+`"]`, "")}, []string{allow(`["`+ownUser+`","`+ownRole+`"]`, "")}},
		{other, "two strings are not one", []string{allow(ownRole, "")}, []string{allow(ownUser, "")}},
		{other, "names mind case", []string{allow(ownRole, "")}, []string{allow("arn:aws:iam::111122223333:role/App", "")}},
		{other, "a path makes another role", []string{allow(ownRole, "")}, []string{allow("arn:aws:iam::111122223333:role/team/app", "")}},
	}},
	{"* is {AWS: *} is a list with it", []rulePair{
		{same, "bare and under AWS", []string{on("")}, []string{allow(`{"AWS":"*"}`, "")}},
		{same, "it swallows what stands beside it", []string{on("")}, []string{allow(`["*","`+foreignRole+`"]`, "")}},
		{same, "services among them", []string{on("")}, []string{on(""), allow(s3, "")}},
		{other, "it is more than the account", []string{allow(ownRoot, "")}, []string{allow(`{"AWS":"*"}`, "")}},
	}},
	{"a service principal is that service", []rulePair{
		{same, "in a list or alone", []string{allow(s3, "")}, []string{allow(`{"Service":["s3.amazonaws.com"]}`, "")}},
		{other, "a Regional one is another", []string{allow(s3, "")}, []string{allow(`{"Service":"s3.eu-west-1.amazonaws.com"}`, "")}},
		{other, "its name minds case", []string{allow(s3, "")}, []string{allow(`{"Service":"S3.amazonaws.com"}`, "")}},
	}},
	{"unique ids, identity providers and canonical users are nobody", []rulePair{
		{same, "an Allow for them is dead", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), allow("AIDAIIIIIIIIIIIIIIIII", ""), allow(`{"Federated":"accounts.google.com"}`, ""), allow(`{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, "")}},
		{other, "beside somebody, the somebody counts", []string{deny("*", "")}, []string{allow(`{"AWS":["AROAIIIIIIIIIIIIIIIII","`+ownRole+`"]}`, "")}},
	}},
	{"Resource is *, the key's ARN, or a pattern of all of it", []rulePair{
		{same, "the key's ARN", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"`+key.ARN+`"`)}},
		{same, "a pattern", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"arn:aws:kms:*:111122223333:key/*"`)}},
		{same, "another key's ARN is dead", []string{deny("*", "")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"arn:aws:kms:us-east-1:111122223333:key/99999999-9999-9999-9999-999999999999"`)}},
		{other, "a pattern of the front only is dead", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"arn:aws:kms:*:111122223333:key/1"`)}},
		{other, "an ARN minds case", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"`+strings.ToUpper(key.ARN)+`"`)}},
		{open, "a variable", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"Resource":"${aws:username}"`)}},
		{open, "an empty NotResource", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":[]`)}},
	}},
	{"NotResource is the complement of Resource", []rulePair{
		{same, "of another key it is this key", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":"arn:aws:kms:us-east-1:111122223333:key/99999999-9999-9999-9999-999999999999"`)}},
		{other, "of this key it is dead", []string{on("")}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":"`+key.ARN+`"`)}},
		{open, "with a variable it is the opposite of the same Resource", []string{instead(on(""), `"Resource":"*"`, `"Resource":"${aws:username}"`)}, []string{instead(on(""), `"Resource":"*"`, `"NotResource":"${aws:username}"`)}},
	}},
	{"a variable in Resource is text under version 2008-10-17", []rulePair{
		{same, "which is not this key", []string{version2008, deny("*", "")}, []string{version2008, instead(on(""), `"Resource":"*"`, `"Resource":"${aws:username}"`)}},
		{other, "NotResource then is", []string{version2008, deny("*", "")}, []string{version2008, instead(on(""), `"Resource":"*"`, `"NotResource":"${aws:username}"`)}},
	}},
	{"without Action, Resource or a principal a statement has no effect", []rulePair{
		{same, "no Action, no Resource, empty lists", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), instead(on(""), `"Action":"kms:Decrypt",`, ""), instead(on(""), `,"Resource":"*"`, ""), instead(on(""), `"kms:Decrypt"`, "[]"), instead(on(""), `"Resource":"*"`, `"Resource":[]`), allow(`{"AWS":[]}`, "")}},
		{other, "with all three it has", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), on("")}},
		{open, "an empty NotAction is not decided", []string{allow(ownRole, "")}, []string{allow(ownRole, ""), instead(on(""), `"Action":"kms:Decrypt"`, `"NotAction":[]`)}},
	}},
	{"NotAction is the complement of Action", []rulePair{
		{same, "of all others", []string{on("")}, []string{instead(on(""), `"Action":"kms:Decrypt"`, `"NotAction":["`+strings.Join((access.AllActions&^access.ActionsMatching("kms:Decrypt")).Names(), `","`)+`"]`)}},
		{other, "of itself", []string{on("")}, []string{instead(on(""), `"Action"`, `"NotAction"`)}},
	}},
	{"actions are patterns and ignore case", []rulePair{
		{same, "* is kms:*", []string{instead(on(""), "kms:Decrypt", "kms:*")}, []string{instead(on(""), "kms:Decrypt", "*")}},
		{same, "in any case", []string{on("")}, []string{instead(on(""), "kms:Decrypt", "KMS:dECRYPT")}},
		{same, "a pattern and its actions", []string{instead(on(""), `"kms:Decrypt"`, `["kms:ReEncryptFrom","kms:ReEncryptTo"]`)}, []string{instead(on(""), "kms:Decrypt", "kms:ReEncrypt*")}},
		{same, "an action that does not exist, or that IAM alone decides, is no action", []string{on("")}, []string{instead(on(""), `"kms:Decrypt"`, `["kms:Decrypt","kms:Decrpyt","kms:CreateKey","s3:*"]`)}},
		{other, "a pattern is anchored at both ends", []string{on("")}, []string{instead(on(""), "kms:Decrypt", "kms:*crypt")}},
	}},
	{"statements can be split and merged", []rulePair{
		{same, "by actions and principals", []string{instead(allow(`["`+ownRole+`","`+ownUser+`"]`, ""), `"kms:Decrypt"`, `["kms:Decrypt","kms:Sign"]`)},
			[]string{allow(ownRole, ""), allow(ownUser, ""), instead(allow(`["`+ownUser+`","`+ownRole+`"]`, ""), "kms:Decrypt", "kms:Sign")}},
		{other, "one part less", []string{instead(allow(ownRole, ""), `"kms:Decrypt"`, `["kms:Decrypt","kms:Sign"]`)}, []string{allow(ownRole, "")}},
	}},
	{"a value and a list of one, an object and a list of one, true and 3 and their text", []rulePair{
		{same, "every way to write it", []string{on(`"Bool":{"aws:SecureTransport":true},"NumericEquals":{"kms:RotationPeriodInDays":3}`)}, []string{instead(on(`"Bool":{"aws:SecureTransport":["true"]},"NumericEquals":{"kms:RotationPeriodInDays":"3"}`), `"kms:Decrypt"`, `["kms:Decrypt"]`)}},
		{other, "another value", []string{on(`"Bool":{"aws:SecureTransport":true}`)}, []string{on(`"Bool":{"aws:SecureTransport":false}`)}},
	}},
	{"condition keys ignore case, and a key in two spellings must hold twice", []rulePair{
		{same, "in any case", []string{on(viaA)}, []string{on(`"StringEquals":{"KMS:viaservice":"a"}`)}},
		{same, "both hold", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:ViaService":["a","b"],"KMS:viaservice":["a","c"]}`)}},
		{other, "neither alone", []string{on(`"StringEquals":{"kms:ViaService":["a","b"]}`)}, []string{on(`"StringEquals":{"kms:ViaService":["a","b"],"KMS:viaservice":["a","c"]}`)}},
		{other, "a letter that only looks like another in lower case", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:V\u0130aService":"a"}`)}},
	}},
	{"Sids make no difference", []rulePair{
		{same, "nor does the same one twice", []string{allow(ownRole, ""), allow(ownUser, "")}, []string{instead(allow(ownRole, ""), "{", `{"Sid":"a",`), instead(allow(ownUser, ""), "{", `{"Sid":"a",`)}},
		{other, "the same Sid makes no two statements the same", []string{instead(allow(ownRole, ""), "{", `{"Sid":"a",`)}, []string{instead(allow(ownUser, ""), "{", `{"Sid":"a",`)}},
	}},
	{"NotPrincipal with Deny exempts those who are listed in every layer", []rulePair{
		{same, "the account exempts its root user, the service itself", []string{on(`"StringEquals":{"aws:PrincipalType":"Account","kms:CallerAccount":"111122223333"}`), allow(s3, "")},
			[]string{on(`"StringEquals":{"aws:PrincipalType":"Account","kms:CallerAccount":"111122223333"}`), allow(s3, ""), instead(deny(`{"AWS":"`+ownRoot+`","Service":"s3.amazonaws.com"}`, ""), "Principal", "NotPrincipal")}},
		{same, "a user with its account", []string{allow(ownUser, "")}, []string{allow(ownUser, ""), instead(deny(`["`+ownRoot+`","`+ownUser+`"]`, ""), "Principal", "NotPrincipal")}},
		{other, "those who are not listed are denied", []string{on("")}, []string{on(""), instead(deny("*", ""), `"Principal":"*"`, `"NotPrincipal":{"AWS":["`+ownRoot+`","`+ownUser+`"]}`)}},
		{open, "a user without its account", []string{allow(ownUser, "")}, []string{allow(ownUser, ""), instead(deny(ownUser, ""), "Principal", "NotPrincipal")}},
		{open, "a session of a role that is listed without it", []string{allow(ownSession, "")}, []string{allow(ownSession, ""), instead(deny(`["`+ownRoot+`","`+ownRole+`"]`, ""), "Principal", "NotPrincipal")}},
	}},
	{"NotPrincipal with Allow is not decided", []rulePair{
		{same, "the same statement is the same", []string{instead(allow(ownUser, ""), "Principal", "NotPrincipal")}, []string{instead(allow(`["`+ownUser+`"]`, ""), "Principal", "NotPrincipal")}},
		{other, "beside it, what is decided is decided", []string{instead(allow(ownUser, ""), "Principal", "NotPrincipal")}, []string{instead(allow(ownUser, ""), "Principal", "NotPrincipal"), instead(allow(ownRole, ""), "kms:Decrypt", "kms:Sign")}},
		{open, "another list is another question", []string{instead(allow(ownUser, ""), "Principal", "NotPrincipal")}, []string{instead(allow(ownRole, ""), "Principal", "NotPrincipal")}},
		{open, "a service is not the identity provider of that name", []string{instead(allow(s3, ""), "Principal", "NotPrincipal")}, []string{instead(allow(`{"Federated":"s3.amazonaws.com"}`, ""), "Principal", "NotPrincipal")}},
	}},
}
