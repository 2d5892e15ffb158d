package defaultpolicy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const account, otherAccount = "111122223333", "444455556666"

// consoleOptions are those of a key with two administrators and three users.
func consoleOptions(partition string) defaultpolicy.Options {
	arn := "arn:" + partition + ":iam::" + account
	return defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: account, Partition: partition,
		Administrators: []string{arn + ":role/KeyAdministrators", arn + ":user/teams/security/alice"},
		Users:          []string{arn + ":role/service-role/App", arn + ":user/bob", otherAccount},
	}
}

func generate(t *testing.T, keyType defaultpolicy.KeyType, o defaultpolicy.Options) *policy.Document {
	t.Helper()
	d, err := defaultpolicy.Generate(keyType, o)
	if err != nil {
		t.Fatalf("%s: %v", keyType, err)
	}
	return d
}

// actionsOf returns the actions of the statement with a Sid, without "kms:",
// and "none" where there is no such statement.
func actionsOf(d *policy.Document, sid string) string {
	for _, s := range d.Statements {
		if s.SID == sid {
			return strings.ReplaceAll(strings.Join(s.Actions.Values, " "), "kms:", "")
		}
	}
	return "none"
}

func TestAPIDefaultIsOneStatementForEveryKeyType(t *testing.T) {
	for keyType, partition := range everyKeyType() {
		d := generate(t, keyType, defaultpolicy.Options{Style: defaultpolicy.API, Account: account, Partition: partition})
		// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
		want := `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:` + partition + `:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
		if d.Text() != want {
			t.Errorf("%s: got\n%s", keyType, d.Text())
		}
	}
}

// What the guide prints, typed from it: statements and their actions in order.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func TestConsoleDefaultHasTheActionsOfTheGuide(t *testing.T) {
	const (
		wildcards = "Create* Describe* Enable* List* Put* Update* Revoke* Disable* Get* Delete*"
		grants    = "CreateGrant ListGrants RevokeGrant"
	)
	tests := []struct {
		reason                        string
		keyType                       defaultpolicy.KeyType
		administrators, users, grants string
	}{
		{"the most common key", defaultpolicy.KeyType{},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"administrators import key material", defaultpolicy.KeyType{Origin: "EXTERNAL"},
			wildcards + " ImportKeyMaterial TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"administrators replicate", defaultpolicy.KeyType{MultiRegion: "primary"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion ReplicateKey UpdatePrimaryRegion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"a replica may become the primary", defaultpolicy.KeyType{MultiRegion: "replica"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion ReplicateKey UpdatePrimaryRegion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"a custom key store's default is identical", defaultpolicy.KeyType{Origin: "AWS_CLOUDHSM"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"an external key store's default is identical", defaultpolicy.KeyType{Origin: "EXTERNAL_KEY_STORE"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion RotateKeyOnDemand",
			"Encrypt Decrypt ReEncrypt* GenerateDataKey* DescribeKey", grants},
		{"HMAC keys have no grants statement", defaultpolicy.KeyType{Spec: "HMAC_256"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"DescribeKey GenerateMac VerifyMac", "none"},
		{"RSA encryption", defaultpolicy.KeyType{Spec: "RSA_4096", Usage: "ENCRYPT_DECRYPT"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"Encrypt Decrypt ReEncrypt* DescribeKey GetPublicKey", grants},
		{"SM2 encryption goes by usage", defaultpolicy.KeyType{Spec: "SM2", Usage: "ENCRYPT_DECRYPT"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"Encrypt Decrypt ReEncrypt* DescribeKey GetPublicKey", grants},
		{"as on record for a key of 2025", defaultpolicy.KeyType{Spec: "ECC_SECG_P256K1", MultiRegion: "primary"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion ReplicateKey UpdatePrimaryRegion",
			"DescribeKey GetPublicKey Sign Verify", grants},
		{"ML-DSA goes by usage", defaultpolicy.KeyType{Spec: "ML_DSA_65"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"DescribeKey GetPublicKey Sign Verify", grants},
		{"Ed25519 goes by usage", defaultpolicy.KeyType{Spec: "ECC_NIST_EDWARDS25519"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"DescribeKey GetPublicKey Sign Verify", grants},
		{"key agreement", defaultpolicy.KeyType{Spec: "ECC_NIST_P256", Usage: "KEY_AGREEMENT"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"DescribeKey GetPublicKey DeriveSharedSecret", grants},
		{"key encapsulation goes by analogy", defaultpolicy.KeyType{Spec: "ML_KEM_768"},
			wildcards + " TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion",
			"DescribeKey GetPublicKey Encapsulate Decapsulate", grants},
		{"import and replication together", defaultpolicy.KeyType{Spec: "HMAC_512", Origin: "EXTERNAL", MultiRegion: "primary"},
			wildcards + " ImportKeyMaterial TagResource UntagResource ScheduleKeyDeletion CancelKeyDeletion ReplicateKey UpdatePrimaryRegion",
			"DescribeKey GenerateMac VerifyMac", "none"},
	}
	for _, test := range tests {
		keyType := test.keyType.WithDefaults()
		d := generate(t, keyType, consoleOptions(everyKeyType()[keyType]))
		for _, statement := range []struct{ sid, want string }{
			{"Enable IAM User Permissions", "*"},
			{"Allow access for Key Administrators", test.administrators},
			{"Allow use of the key", test.users},
			{"Allow attachment of persistent resources", test.grants},
		} {
			if got := actionsOf(d, statement.sid); got != statement.want {
				t.Errorf("%s: %q has\n%s, want\n%s", test.reason, statement.sid, got, statement.want)
			}
		}
		if d.ID != "key-consolepolicy-3" {
			t.Errorf("%s: Id %q", test.reason, d.ID)
		}
	}
}

func TestOptionsDecideWhatAWSDoesNotDocument(t *testing.T) {
	const include, omit = defaultpolicy.Include, defaultpolicy.Omit
	tests := []struct {
		reason           string
		keyType          defaultpolicy.KeyType
		grants, rotation defaultpolicy.Choice
		want             string
	}{
		{"HMAC with grants", defaultpolicy.KeyType{Spec: "HMAC_256"}, include, "", "grants"},
		{"HMAC with rotation", defaultpolicy.KeyType{Spec: "HMAC_256"}, "", include, "rotation"},
		{"RSA without grants", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "ENCRYPT_DECRYPT"}, omit, "", ""},
		{"signing without grants", defaultpolicy.KeyType{Spec: "ML_DSA_44"}, omit, omit, ""},
		{"key agreement with both", defaultpolicy.KeyType{Spec: "ECC_NIST_P256", Usage: "KEY_AGREEMENT"}, include, include, "grants rotation"},
		{"encapsulation without grants", defaultpolicy.KeyType{Spec: "ML_KEM_512"}, omit, "", ""},
		{"a custom key store without rotation", defaultpolicy.KeyType{Origin: "AWS_CLOUDHSM"}, "", omit, "grants"},
		{"imported material without rotation", defaultpolicy.KeyType{Origin: "EXTERNAL"}, "", omit, "grants"},
		{"a multi-Region key without rotation", defaultpolicy.KeyType{MultiRegion: "primary"}, "", omit, "grants"},
		{"what is documented is not to choose", defaultpolicy.KeyType{}, omit, omit, "grants rotation"},
		{"grants of a custom key store are documented", defaultpolicy.KeyType{Origin: "EXTERNAL_KEY_STORE"}, omit, omit, "grants"},
	}
	for _, test := range tests {
		keyType := test.keyType.WithDefaults()
		o := consoleOptions("aws")
		o.UndocumentedGrants, o.UndocumentedRotation = test.grants, test.rotation
		d := generate(t, keyType, o)
		var got []string
		if actionsOf(d, "Allow attachment of persistent resources") != "none" {
			got = append(got, "grants")
		}
		if strings.HasSuffix(actionsOf(d, "Allow access for Key Administrators"), " RotateKeyOnDemand") {
			got = append(got, "rotation")
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: has %q, want %q", test.reason, got, test.want)
		}
	}
}

func TestStatementsForNobodyAreLeftOut(t *testing.T) {
	all := consoleOptions("aws")
	for want, drop := range map[string]func(*defaultpolicy.Options){
		"Enable IAM User Permissions":                                                               func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, []string{} },
		"Enable IAM User Permissions|Allow access for Key Administrators":                           func(o *defaultpolicy.Options) { o.Users = nil },
		"Enable IAM User Permissions|Allow use of the key|Allow attachment of persistent resources": func(o *defaultpolicy.Options) { o.Administrators = nil },
	} {
		o := all
		drop(&o)
		d := generate(t, defaultpolicy.KeyType{}.WithDefaults(), o)
		var sids []string
		for _, s := range d.Statements {
			sids = append(sids, s.SID)
		}
		if got := strings.Join(sids, "|"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if d.ID != "key-consolepolicy-3" {
			t.Errorf("Id %q", d.ID)
		}
	}
}

func TestNoAdministratorDeleteTakesBothActions(t *testing.T) {
	o := consoleOptions("aws")
	with := actionsOf(generate(t, defaultpolicy.KeyType{}.WithDefaults(), o), "Allow access for Key Administrators")
	o.NoAdministratorDelete = true
	without := actionsOf(generate(t, defaultpolicy.KeyType{}.WithDefaults(), o), "Allow access for Key Administrators")
	if want := strings.Replace(with, " ScheduleKeyDeletion CancelKeyDeletion", "", 1); without != want || with == want {
		t.Errorf("got %s, want %s", without, want)
	}
}

func TestPrincipalsAreWrittenAsTheConsoleDoes(t *testing.T) {
	tests := []struct {
		reason, partition string
		users, want       []string
	}{
		{"an account id becomes a root ARN", "aws", []string{otherAccount}, []string{"arn:aws:iam::444455556666:root"}},
		{"of the key's partition", "aws-us-gov", []string{otherAccount}, []string{"arn:aws-us-gov:iam::444455556666:root"}},
		{"id and root ARN are one account", "aws", []string{"arn:aws:iam::444455556666:root", otherAccount}, []string{"arn:aws:iam::444455556666:root"}},
		{"repetitions go, order stays", "aws",
			[]string{"arn:aws:iam::111122223333:user/b", "arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:user/b"},
			[]string{"arn:aws:iam::111122223333:user/b", "arn:aws:iam::111122223333:role/a"}},
		{"names are told apart by case", "aws",
			[]string{"arn:aws:iam::111122223333:role/A", "arn:aws:iam::111122223333:role/a"},
			[]string{"arn:aws:iam::111122223333:role/A", "arn:aws:iam::111122223333:role/a"}},
		{"a service-linked role", "aws",
			[]string{"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"},
			[]string{"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}},
		{"every character of a name", "aws",
			[]string{"arn:aws:iam::111122223333:user/a:b/o_O+=,.@-1"}, []string{"arn:aws:iam::111122223333:user/a:b/o_O+=,.@-1"}},
	}
	for _, test := range tests {
		o := defaultpolicy.Options{Style: defaultpolicy.Console, Account: account, Partition: test.partition, Users: test.users}
		d := generate(t, defaultpolicy.KeyType{}.WithDefaults(), o)
		for _, s := range d.Statements[1:] {
			var got []string
			for _, p := range s.Principals.Entries {
				got = append(got, p.Text)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: %s names %q, want %q", test.reason, s.SID, got, test.want)
			}
		}
		if single := strings.Contains(d.Text(), `"AWS" : "`+test.want[0]+`"`); single != (len(test.want) == 1) {
			t.Errorf("%s: one principal is a string, several are a list:\n%s", test.reason, d.Text())
		}
	}
}

func TestPrincipalsThatTheConsoleDoesNotOffer(t *testing.T) {
	const administrators, users, both = "administrators", "users", "administrators users"
	tests := []struct{ reason, text, refused, hint string }{
		{"everyone", "*", both, "everyone"},
		{"a wildcard", "arn:aws:iam::111122223333:role/*", both, "wildcard"},
		{"a variable", "arn:aws:iam::111122223333:role/${aws:username}", both, "variables"},
		{"a group", "arn:aws:iam::111122223333:group/g", both, "group"},
		{"nothing", "", both, "expected an ARN"},
		{"a bare name", "KeyAdministrators", both, "expected an ARN"},
		{"a service", "s3.amazonaws.com", both, "expected an ARN"},
		{"a role session", "arn:aws:sts::111122223333:assumed-role/r/s", both, "role"},
		{"a federated user session", "arn:aws:sts::111122223333:federated-user/u", both, "session"},
		{"a deleted user", "AIDAJQABLZS4A3QDU576Q", both, "deleted"},
		{"a deleted role", "AROAJQABLZS4A3QDU576Q", both, "deleted"},
		{"a role of another partition", "arn:aws-cn:iam::111122223333:role/r", both, "partition"},
		{"an account of another partition", "arn:aws-cn:iam::444455556666:root", both, "partition"},
		{"a role of another account", "arn:aws:iam::444455556666:role/r", both, "arn:aws:iam::444455556666:root"},
		{"a user of another account", "arn:aws:iam::444455556666:user/u", both, "arn:aws:iam::444455556666:root"},
		{"another account", otherAccount, administrators, "user or role of account 111122223333"},
		{"another account's root", "arn:aws:iam::444455556666:root", administrators, "user or role of account 111122223333"},
		{"the own account", account, both, "user or role"},
		{"the own account's root", "arn:aws:iam::111122223333:root", both, "user or role"},
		{"a blank at the end", "arn:aws:iam::111122223333:role/r ", both, "role/r \""},
		{"a line feed at the end", "arn:aws:iam::111122223333:role/r\n", both, `role/r\n"`},
		{"a letter beyond ASCII", "arn:aws:iam::111122223333:role/rôle", both, `r\u00f4le"`},
		{"a character that no name has", "arn:aws:iam::111122223333:role/r!", both, "no such name"},
		{"a name too long", "arn:aws:iam::111122223333:role/" + strings.Repeat("r", 65), both, "no such name"},
		{"no name after the path", "arn:aws:iam::111122223333:role/path/", both, "name is missing"},
	}
	for _, test := range tests {
		good := "arn:aws:iam::111122223333:role/good"
		for _, list := range []string{administrators, users} {
			o := defaultpolicy.Options{Style: defaultpolicy.Console, Account: account, Partition: "aws"}
			want := defaultpolicy.InvalidAdministrator
			if list == administrators {
				o.Administrators = []string{good, test.text}
			} else {
				o.Users, want = []string{good, test.text}, defaultpolicy.InvalidUser
			}
			if !strings.Contains(test.refused, list) {
				want = ""
			}
			_, err := defaultpolicy.Generate(defaultpolicy.KeyType{}.WithDefaults(), o)
			if got := codeOf(t, err); got != want {
				t.Errorf("%s among %s: %q, want %q", test.reason, list, got, want)
			} else if err != nil && (!strings.Contains(err.Error(), test.hint) || !strings.Contains(err.Error(), " 2: ")) {
				t.Errorf("%s among %s: %q does not say %q and which one", test.reason, list, err, test.hint)
			}
		}
	}
}

func TestOptionsThatFitNothing(t *testing.T) {
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		change  func(*defaultpolicy.Options)
		code    defaultpolicy.ErrorCode
	}{
		{"no style", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Style = "" }, defaultpolicy.UnknownStyle},
		{"an unknown style", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Style = "CONSOLE" }, defaultpolicy.UnknownStyle},
		{"no account", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Account = "" }, defaultpolicy.InvalidAccount},
		{"an account of eleven digits", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Account = "11112222333" }, defaultpolicy.InvalidAccount},
		{"no partition", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Partition = "" }, defaultpolicy.UnknownPartition},
		{"an invalid key type", defaultpolicy.KeyType{Spec: "RSA_2048"}, func(*defaultpolicy.Options) {}, defaultpolicy.UnknownKeyUsage},
		{"SM2 outside China", defaultpolicy.KeyType{Spec: "SM2", Usage: "SIGN_VERIFY"}, func(*defaultpolicy.Options) {}, defaultpolicy.NotInPartition},
		{"administrators of the API default", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Style, o.Users = defaultpolicy.API, nil }, defaultpolicy.InvalidOption},
		{"users of the API default", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Style, o.Administrators = defaultpolicy.API, nil }, defaultpolicy.InvalidOption},
		{"an unknown choice about grants", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.UndocumentedGrants = "yes" }, defaultpolicy.InvalidOption},
		{"an unknown choice about rotation", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.UndocumentedRotation = "yes" }, defaultpolicy.InvalidOption},
		{"an unknown edition", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = "2020-01" }, defaultpolicy.UnknownEdition},
		{"any is not an edition", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = "any" }, defaultpolicy.UnknownEdition},
		{"an unknown edition of the API default", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) {
			o.Style, o.Administrators, o.Users, o.Edition = defaultpolicy.API, nil, nil, "2020-01"
		}, defaultpolicy.UnknownEdition},
		{"actions by analogy are refused", defaultpolicy.KeyType{Spec: "ML_KEM_512"}, func(o *defaultpolicy.Options) { o.RefuseUndocumentedUse = true }, defaultpolicy.UndocumentedUse},
		{"documented actions are not", defaultpolicy.KeyType{Spec: "ML_DSA_44"}, func(o *defaultpolicy.Options) { o.RefuseUndocumentedUse = true }, ""},
		{"nothing is by analogy without users", defaultpolicy.KeyType{Spec: "ML_KEM_512"}, func(o *defaultpolicy.Options) { o.RefuseUndocumentedUse, o.Users = true, nil }, ""},
	}
	for _, test := range tests {
		o := consoleOptions("aws")
		test.change(&o)
		if _, err := defaultpolicy.Generate(test.keyType.WithDefaults(), o); codeOf(t, err) != test.code {
			t.Errorf("%s: %v, want code %q", test.reason, err, test.code)
		}
		if _, err := defaultpolicy.Variants(test.keyType.WithDefaults(), o); codeOf(t, err) != test.code {
			t.Errorf("%s: Variants: %v, want code %q", test.reason, err, test.code)
		}
	}
}

func TestAPolicyTooLargeForKMSIsAnError(t *testing.T) {
	o := consoleOptions("aws")
	for i := range 600 {
		o.Users = append(o.Users, "arn:aws:iam::111122223333:role/"+strings.Repeat("r", 1+i%60)+string(rune('a'+i/60)))
	}
	if _, err := defaultpolicy.Generate(defaultpolicy.KeyType{}.WithDefaults(), o); err == nil || !strings.Contains(err.Error(), string(policy.TooLarge)) {
		t.Errorf("got %v", err)
	}
}

func TestGeneratedPoliciesHoldForAnyPrincipals(t *testing.T) {
	var types []defaultpolicy.KeyType
	partitions := everyKeyType()
	for keyType := range partitions {
		types = append(types, keyType)
	}
	slices.SortFunc(types, func(a, b defaultpolicy.KeyType) int { return strings.Compare(a.String(), b.String()) })
	rapid.Check(t, func(r *rapid.T) {
		keyType := rapid.SampledFrom(types).Draw(r, "key type")
		arn := "arn:" + partitions[keyType] + ":iam::" + account
		identity := rapid.Map(rapid.StringMatching(`(user|role)/([!-~]{1,9}/){0,2}[\w+=,.@-]{1,64}`), func(name string) string { return arn + ":" + name }).
			Filter(func(s string) bool { return !strings.ContainsAny(s, "*?") && !strings.Contains(s, "${") })
		other := rapid.StringMatching(`[0-9]{12}`).Filter(func(id string) bool { return id != account })
		o := defaultpolicy.Options{
			Style: defaultpolicy.Console, Account: account, Partition: partitions[keyType],
			Administrators:        rapid.SliceOfN(identity, 0, 4).Draw(r, "administrators"),
			Users:                 rapid.SliceOfN(rapid.OneOf(identity, other), 0, 4).Draw(r, "users"),
			NoAdministratorDelete: rapid.Bool().Draw(r, "no delete"),
		}
		all, err := defaultpolicy.Variants(keyType, o)
		if err != nil {
			r.Fatal(err)
		}
		again, err := defaultpolicy.Generate(keyType, o)
		if err != nil || again.Text() != all[0].Document.Text() {
			r.Fatalf("Generate and Variants differ, or the second time: %v", err)
		}
		for _, v := range all {
			checkDocument(r, v.Document, o)
		}
	})
}

// checkDocument checks what holds for every console default.
func checkDocument(r *rapid.T, d *policy.Document, o defaultpolicy.Options) {
	read, err := policy.Parse(d.Text())
	if err != nil {
		r.Fatal(err)
	}
	if first := read.Statements[0]; first.SID != "Enable IAM User Permissions" || len(first.Principals.Entries) != 1 ||
		first.Principals.Entries[0].Text != "arn:"+o.Partition+":iam::"+o.Account+":root" || first.Actions.Values[0] != "kms:*" {
		r.Fatalf("the account statement is not the first:\n%s", d.Text())
	}
	for _, s := range read.Statements {
		want := o.Users
		switch s.SID {
		case "Enable IAM User Permissions":
			continue
		case "Allow access for Key Administrators":
			want = o.Administrators
		}
		var got []string
		for _, p := range s.Principals.Entries {
			if p.Kind != policy.User && p.Kind != policy.Role && p.Kind != policy.Account {
				r.Fatalf("%s is named", p.Text)
			}
			got = append(got, p.Text)
		}
		if expected := unique(want, o.Partition); !slices.Equal(got, expected) {
			r.Fatalf("%s names %q, want %q", s.SID, got, expected)
		}
		if s.Effect != policy.Allow || len(s.Actions.Values) == 0 || s.Actions.Negated || !slices.Equal(s.Resources.Values, []string{"*"}) {
			r.Fatalf("statement %+v", s)
		}
	}
}

// unique returns a list with ids as root ARNs and without repetitions.
func unique(list []string, partition string) []string {
	var result []string
	for _, v := range list {
		if policy.IsAccountID(v) {
			v = "arn:" + partition + ":iam::" + v + ":root"
		}
		if !slices.Contains(result, v) {
			result = append(result, v)
		}
	}
	return result
}
