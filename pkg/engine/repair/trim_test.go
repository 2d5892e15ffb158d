package repair_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
)

var update = flag.Bool("update", false, "write the golden files anew")

// ownKey is the key of the tests, and writer the role that writes its policy.
var ownKey = policy.Key{ARN: "arn:aws:kms:us-east-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab", Partition: "aws", Account: account}

const writer = "arn:aws:iam::111122223333:role/kms-guardrail"

// The shape of bounds that a baseline makes: the account, roles of the account as
// administrators and as users, and a service with its conditions.
const (
	anyRole      = `"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`
	adminActions = `["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion","kms:RotateKeyOnDemand"]`
	userActions  = `["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"]`
	logsActions  = `["kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"]`
	ceilingText  = `{"Version":"2012-10-17","Statement":[` + root + `,
{"Effect":"Allow","Principal":{"AWS":"*"},"Action":` + adminActions + `,"Resource":"*",` + anyRole + `},
{"Effect":"Allow","Principal":{"AWS":"*"},"Action":` + userActions + `,"Resource":"*",` + anyRole + `},
{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"},"Bool":{"kms:GrantIsForAWSResource":"true"}}},
{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"},
{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":` + logsActions + `,"Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:log-group:*"}}},
{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main","aws:SourceAccount":["111122223333","444455556666"]}}}]}`
	floorText = `{"Version":"2012-10-17","Statement":[` + accountStatement + `]}`

	accountStatement = `{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	usersStatement   = `{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"}`
)

func bounds(t testing.TB) repair.Bounds {
	return repair.Bounds{Floors: []policy.Set{document(t, floorText).Set}, Ceiling: document(t, ceilingText).Set}
}

func document(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

func request(t testing.TB, live string) repair.Request {
	return repair.Request{Key: ownKey, Live: document(t, live), Bounds: bounds(t), Writer: writer}
}

// trims are key policies and what a plan makes of them, in testdata/plans.
var trims = []struct{ name, because, live string }{
	{"public", "of everyone, the ceiling has the roles of the account and one other account; the rest has the account statement", pretty(accountStatement, public)},
	{"public-everything", "without an account statement, what it gave the account stays there", `{"Version":"2012-10-17","Statement":[{"Sid":"open","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`},
	{"public-of-the-organization", "the condition of the statement and that of the ceiling both hold", pretty(accountStatement,
		`{"Sid":"org","Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`)},
	{"public-behind-a-deny", "a Deny keeps most of a public statement inside; what is left over is another account that may decrypt", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Eve"},"Action":"kms:Sign","Resource":"*"}`,
		`{"Sid":"roles","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}`,
		`{"Sid":"ours only","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}}}`)},
	{"foreign-principal-in-a-list", "one principal is outside for every action", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::777788889999:root","arn:aws:iam::111122223333:role/Other"]`, 1))},
	{"principal-allowed-for-less", "another account may decrypt and nothing else, so that it gets a statement of its own", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::444455556666:root"]`, 1), `{"Sid":"Allow use of the key2","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"action-in-a-list", "a user may not administer", pretty(accountStatement, strings.Replace(usersStatement, `"kms:Encrypt",`, `"kms:Encrypt","kms:Sign","kms:CallerAccount",`, 1))},
	{"pattern-of-actions", "a pattern becomes what is inside of it, in its place and without what was said before", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":["kms:De*","kms:Encrypt","kms:D*"],"Resource":"*"}`)},
	{"most-principals-stay", "the statement stays with most of its principals, wherever they stand in it", pretty(accountStatement,
		strings.Replace(usersStatement, `"arn:aws:iam::111122223333:role/Worker"`, `["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:role/Other"]`, 1))},
	{"public-with-an-unknown-action", "a value that names no action does no harm and stays where the list does", pretty(accountStatement, strings.Replace(public, `"kms:Decrypt"`, `["kms:CallerAccount","kms:Decrypt"]`, 1))},
	{"refused-condition", "KMS refuses the condition, so that no part of the statement may stay; what that loses is told", pretty(accountStatement, strings.Replace(public, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}`, 1))},
	{"everything-for-a-role", "of everything, what administrators and users may do stays, in the words of the ceiling; the rest the role has through the account", pretty(accountStatement,
		`{"Sid":"all","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:*","Resource":"*"}`)},
	{"not-action", "what is not named is outside in part", pretty(accountStatement,
		`{"Sid":"all but","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"NotAction":["kms:PutKeyPolicy","kms:Create*"],"Resource":"*"}`)},
	{"service-without-conditions", "a service keeps its access under the conditions of the ceiling", pretty(accountStatement,
		`{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*"}`)},
	{"service-with-wider-conditions", "values that both have stay, and where patterns meet both conditions stand there", pretty(accountStatement,
		`{"Sid":"trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":["111122223333","999988887777"]},"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*"}}}`,
		`{"Sid":"logs","Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:*:*:log-group:/aws/*"}}}`)},
	{"nothing-inside", "no access of an unknown service is inside; the statement goes with its comma", pretty(accountStatement,
		`{"Effect":"Allow","Principal":{"Service":"ses.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`, usersStatement)},
	{"deny-of-the-account", "the Deny takes one action from the account, and it covers everyone", pretty(accountStatement,
		`{"Sid":"freeze","Effect":"Deny","Principal":"*","Action":["kms:PutKeyPolicy","kms:Decrypt"],"Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`, usersStatement)},
	{"deny-of-the-account-among-others", "only the account has to have access; the Deny for the other account stays", pretty(accountStatement,
		`{"Sid":"freeze","Effect":"Deny","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":"kms:*","Resource":"*"}`)},
	{"no-account-statement", "what the floor lacks is added at the end", pretty(usersStatement)},
	{"account-under-a-condition", "the statement is inside and stays; what it lacks is added", pretty(strings.Replace(accountStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, 1))},
	{"account-with-fewer-actions", "only the actions that lack are added", pretty(strings.Replace(accountStatement, `"kms:*"`, `["kms:Describe*","kms:Get*","kms:List*","kms:Put*"]`, 1), usersStatement)},
	{"deleted-principals", "KMS rejects deleted principals, so that they go with the repair", pretty(accountStatement, public,
		`{"Effect":"Allow","Principal":{"AWS":["AIDAQ3EGRUZL2Z5FEXAMPLE","arn:aws:iam::111122223333:role/Worker"]},"Action":"kms:Decrypt","Resource":"*"}`,
		`{"Sid":"gone","Effect":"Allow","Principal":{"AWS":"AROAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"dead-statement", "KMS refuses a statement without a Resource", pretty(accountStatement, `{"Sid":"dead","Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:Decrypt"}`,
		`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Sign","Resource":"*"}`)},
	{"undecided-allow", "whoever may decide whether a variable is this key, what is left is inside", pretty(accountStatement, `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Sign","Resource":"*"}`,
		`{"Sid":"perhaps","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:*","Resource":"${aws:username}"}`)},
	{"allow-with-not-principal", "AWS does not support it, and nobody can tell what of it is inside", pretty(accountStatement, `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Sign","Resource":"*"}`,
		`{"Sid":"all but","Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/Worker"},"Action":"kms:Decrypt","Resource":"*"}`)},
	{"as-kms-writes", "new text is in the style of KMS", "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \"Sid\" : \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \"*\"\n    },\n    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  } ]\n}"},
}

// pretty is a policy of statements as people write it.
func pretty(statements ...string) string {
	var list []string
	for _, s := range statements {
		s = strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(s)
		list = append(list, "    "+s)
	}
	return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n" + strings.Join(list, ",\n") + "\n  ]\n}\n"
}

func TestTrim(t *testing.T) {
	for _, test := range trims {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, test.live)
			plan, err := repair.Trim(r)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "plans", test.name+".golden"), show(test.because, r, plan))
			checkPlanOf(t, r, plan)
		})
	}
}

// otherBounds are trims to other bounds than the usual.
var otherBounds = []struct{ name, because, live, floor, ceiling string }{
	{
		"deny-of-the-ceiling", "what the ceiling denies, the plan has to deny too; a deleted principal of it is left out",
		pretty(accountStatement),
		`{"Statement":[` + accountStatement + `,` + insecure + `]}`, `{"Version":"2012-10-17","Statement":[` + accountStatement + `,` + insecure + `,{"Sid":"other","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:*","Resource":"*"}]}`,
	},
	{
		"conditions-that-cannot-stand-together", "one of these and one of those cannot be said of a key with several values; what is lost is told",
		pretty(accountStatement, `{"Sid":"any","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["a","b"]}}}`),
		floorText, `{"Statement":[` + root + `,{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["b","c"]}}}]}`,
	},
	{
		"condition-in-the-place-of-a-wider-one", "the ceiling's condition is the narrower one",
		pretty(accountStatement, `{"Sid":"any","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["a","b"]}}}`),
		floorText, `{"Statement":[` + root + `,{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"b"}}}]}`,
	},
	{
		"role-through-its-account", "a role of the account may have access through IAM only",
		pretty(`{"Sid":"direct","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:role/kms-guardrail"]},"Action":["kms:PutKeyPolicy","kms:Decrypt"],"Resource":"*"}`),
		"", `{"Statement":` + root + `}`,
	},
	{
		"session-through-its-account", "no condition names a session; what it may do through its account it has only where the account statement says so",
		pretty(`{"Sid":"direct","Effect":"Allow","Principal":{"AWS":["arn:aws:sts::111122223333:assumed-role/Worker/jane","arn:aws:sts::111122223333:federated-user/joe"]},"Action":["kms:Sign","kms:Decrypt"],"Resource":"*"}`, strings.Replace(root, `"kms:*"`, `["kms:Put*","kms:Decrypt"]`, 1)),
		"", `{"Statement":` + root + `}`,
	},
	{
		"principal-of-another-account", "in another account, to name a role is to leave it to that account",
		pretty(accountStatement, `{"Sid":"abroad","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["kms:Sign","kms:Decrypt"],"Resource":"*"}`),
		floorText, `{"Statement":[` + root + `,{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:role/Worker","arn:aws:sts::444455556666:assumed-role/Worker/jane"]},"Action":"kms:Decrypt","Resource":"*"}]}`,
	},
	{
		"values-that-neither-may-have", "none of these and none of those is none of all",
		pretty(accountStatement, `{"Sid":"not","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringNotEquals":{"kms:ViaService":"a"}}}`),
		floorText, `{"Statement":[` + root + `,{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringNotEquals":{"kms:ViaService":"b"}}}]}`,
	},
	{
		"deny-for-all-but-a-deleted-principal", "all but nobody is everyone",
		pretty(accountStatement, foreignSign, `{"Sid":"nobody signs","Effect":"Deny","NotPrincipal":{"AWS":"AIDAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:Verify","Resource":"*"}`),
		"", ceilingText,
	},
	{
		"undecided-deny", "whom the Deny covers is not decided, and the floor has to be there for sure",
		pretty(accountStatement, public, `{"Sid":"perhaps","Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/Worker"]},"Action":["kms:PutKeyPolicy","kms:BypassPolicyLockoutSafetyCheck"],"Resource":"*"}`),
		floorText, `{"Statement":` + root + `}`,
	},
	{
		"two-floors", "each floor has to be there; a second Sid of the same name gets a number",
		pretty(usersStatement),
		`{"Statement":[` + accountStatement + `,{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:role/Other"]},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*"}]}`, ceilingText,
	},
}

const insecure = `{"Sid":"tls","Effect":"Deny","Principal":{"AWS":["*","AIDAQ3EGRUZL2Z5FEXAMPLE"]},"Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`

func TestTrimToOtherBounds(t *testing.T) {
	for _, test := range otherBounds {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, test.live)
			r.Bounds = repair.Bounds{Ceiling: document(t, test.ceiling).Set}
			if test.floor != "" {
				r.Bounds.Floors = []policy.Set{document(t, test.floor).Set}
			}
			plan, err := repair.Trim(r)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "plans", test.name+".golden"), show(test.because, r, plan))
			checkPlanOf(t, r, plan)
		})
	}
}

// show writes a plan as the golden files have it.
func show(because string, r repair.Request, plan repair.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "because %s\n\n--- live\n%s\n--- plan\n%s\n--- edits\n", because, strings.TrimRight(r.Live.Text(), "\n"), strings.TrimRight(plan.Document.Text(), "\n"))
	for _, e := range plan.Edits {
		fmt.Fprintln(&b, e)
	}
	differences := func(title string, list []access.Difference) {
		for _, d := range list {
			fmt.Fprintf(&b, "--- %s\n%s: %s by statement %d where %q\n", title, strings.Join(d.Principals, ", "), strings.Join(access.ActionPatterns(d.Actions), " "), d.Statement, d.Conditions)
		}
	}
	differences("removed", plan.Removed)
	differences("lost", plan.Lost)
	for _, o := range plan.Open {
		fmt.Fprintf(&b, "--- open\n%s in statement %d of %s\n", o.Reason, o.Statement, o.Policy)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// checkPlanOf holds a plan against what every plan promises.
func checkPlanOf(t interface {
	Fatalf(string, ...any)
	Errorf(string, ...any)
}, r repair.Request, plan repair.Plan) {
	for _, floor := range r.Bounds.Floors {
		if got := access.Within(r.Key, floor, plan.Document.Set, r.Bounds.Ceiling); got.Verdict != access.Inside {
			t.Fatalf("the plan is %s: %+v\n%s", got.Verdict, got, plan.Document.Text())
		}
	}
	if len(plan.Proof.Floors) != len(r.Bounds.Floors) || plan.Proof.Ceiling != access.Inside {
		t.Errorf("proof %+v", plan.Proof)
	}
	if len(plan.Edits) == 0 || plan.Before == plan.After || plan.Before != r.Live.Hash("aws") || plan.After != plan.Document.Hash("aws") {
		t.Errorf("edits %v, before %s, after %s", plan.Edits, plan.Before, plan.After)
	}
	again := r
	again.Live = plan.Document
	var refusal *repair.Refusal
	if p, err := repair.Trim(again); !errors.As(err, &refusal) || refusal.Reason != repair.NothingToDo {
		t.Fatalf("the plan is trimmed again: %v, %v", err, p.Edits)
	}
	insideKeepsBytes(t, r, plan)
	withinKeepsBytes(t, r, plan)
}

// withinKeepsBytes checks that an Allow that is within the ceiling under the Denies stands in
// the plan as it was, as long as the Denies do.
func withinKeepsBytes(t interface{ Errorf(string, ...any) }, r repair.Request, plan repair.Plan) {
	for _, e := range plan.Edits {
		if e.Kind == repair.ReplaceDocument || e.Statement != repair.NoStatement && r.Live.Statements[e.Statement].Effect == policy.Deny {
			return
		}
	}
	for i, st := range r.Live.Statements {
		revisions := map[int]policy.Revision{}
		for j, other := range r.Live.Statements {
			if j != i && other.Effect == policy.Allow {
				revisions[j] = policy.Revision{}
			}
		}
		dead := len(st.Actions.Values) == 0 || len(st.Resources.Values) == 0 || len(st.Principals.Entries) == 0 ||
			slices.ContainsFunc(st.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.UniqueID })
		alone, err := r.Live.Revise(revisions)
		if err != nil || dead || st.Effect != policy.Allow || access.Within(r.Key, alone.Set, alone.Set, r.Bounds.Ceiling).Verdict != access.Inside {
			continue
		}
		if text := r.Live.Text()[st.Offset:st.End]; !strings.Contains(plan.Document.Text(), text) {
			t.Errorf("statement %d is within the ceiling and changed: %s", i, text)
		}
	}
}

// insideKeepsBytes checks that the statements the plan does not mention stand there as they were.
func insideKeepsBytes(t interface{ Errorf(string, ...any) }, r repair.Request, plan repair.Plan) {
	edited := map[int]bool{}
	for _, e := range plan.Edits {
		if e.Kind == repair.ReplaceDocument {
			return
		}
		edited[e.Statement] = true
	}
	for i, st := range r.Live.Statements {
		if text := r.Live.Text()[st.Offset:st.End]; !edited[i] && !strings.Contains(plan.Document.Text(), text) {
			t.Errorf("statement %d changed without an edit: %s", i, text)
		}
	}
}
