package recognition_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// everyKeyType yields each key type that KMS has, with a partition where it has it.
func everyKeyType() iter.Seq2[defaultpolicy.KeyType, string] {
	return func(yield func(defaultpolicy.KeyType, string) bool) {
		for _, spec := range defaultpolicy.KeySpecs() {
			for _, usage := range defaultpolicy.UsagesOf(spec) {
				for _, origin := range defaultpolicy.Origins() {
					for _, part := range defaultpolicy.MultiRegions() {
						keyType := defaultpolicy.KeyType{Spec: spec, Usage: usage, Origin: origin, MultiRegion: part}
						for _, partition := range []string{"aws", "aws-cn"} {
							if keyType.ValidateIn(partition) == nil && !yield(keyType, partition) {
								return
							}
						}
					}
				}
			}
		}
	}
}

func keyIn(partition string) policy.Key {
	return policy.Key{ARN: strings.Replace(key.ARN, "arn:aws:", "arn:"+partition+":", 1), Partition: partition, Account: key.Account}
}

// TestEveryGeneratedDefaultIsRecognised goes through all key types, editions and
// undocumented forms, with and without deletion, for four sets of principals.
func TestEveryGeneratedDefaultIsRecognised(t *testing.T) {
	types := 0
	for keyType, partition := range everyKeyType() {
		types++
		k := keyIn(partition)
		in := func(arns ...string) []string {
			return strings.Split(strings.ReplaceAll(strings.Join(arns, " "), "arn:aws:", "arn:"+partition+":"), " ")
		}
		for _, o := range []defaultpolicy.Options{
			{Administrators: in(admin, admin2), Users: in(partner, app)},
			{Administrators: in(admin), Users: in(admin), NoAdministratorDelete: true},
			{Administrators: in(admin)},
			{Users: in(partner)},
			{},
		} {
			o.Style, o.Account, o.Partition = defaultpolicy.Console, k.Account, partition
			variants, err := defaultpolicy.Variants(keyType, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range variants {
				r := identifyAs(t, k, keyType, v.Document, recognition.Options{Style: defaultpolicy.Console})
				if r.Verdict != recognition.Default || !slices.Contains(r.Editions(), v.Edition) ||
					!slices.Equal(r.Forms[0].Administrators, o.Administrators) || !slices.Equal(r.Forms[0].Users, o.Users) {
					t.Errorf("%s, %+v of %s: %s", keyType, o, v.Edition, explain(r))
				}
			}
		}
		api := generate(t, keyType, defaultpolicy.Options{Style: defaultpolicy.API, Account: k.Account, Partition: partition})
		if r := identifyAs(t, k, keyType, api, recognition.Options{}); r.Verdict != recognition.Default || r.Forms[0].Style != defaultpolicy.API {
			t.Errorf("%s, the API default: %s", keyType, explain(r))
		}
	}
	if types < 60 {
		t.Errorf("only %d key types were tried", types)
	}
}

// describe returns the forms as "edition", with +d, +g and +r for what they have.
func describe(r recognition.Result) string {
	var words []string
	for _, f := range r.Forms {
		word := string(f.Edition)
		if f.Style == defaultpolicy.API {
			word = "api"
		}
		for _, has := range []struct {
			it   bool
			mark string
		}{{f.AdministratorsMayDelete, "+d"}, {f.Grants, "+g"}, {f.Rotation, "+r"}} {
			if has.it {
				word += has.mark
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestAllFormsThatThePolicyIsAreNamedTheLatestFirst(t *testing.T) {
	hmac, external := defaultpolicy.KeyType{Spec: "HMAC_256"}, defaultpolicy.KeyType{Origin: "EXTERNAL"}
	nobody := func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, nil }
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		change  func(*defaultpolicy.Options)
		options recognition.Options
		want    string
	}{
		{"rotation on demand is of the latest only", defaultpolicy.KeyType{}, nil, recognition.Options{}, "2024-04+d+g+r"},
		{"tags came in 2017", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = "2017-02" }, recognition.Options{}, "2017-02+d+g"},
		{"deletion came in 2015", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = "2015-10" }, recognition.Options{}, "2015-10+d+g"},
		{"an edition before deletion is the next one with the box cleared", defaultpolicy.KeyType{},
			func(o *defaultpolicy.Options) { o.Edition = "2014-11" }, recognition.Options{}, "2015-10+g 2014-11+g"},
		{"without rotation, which is not documented here, it may be either", external,
			func(o *defaultpolicy.Options) { o.UndocumentedRotation = "omit" }, recognition.Options{}, "2024-04+d+g 2017-02+d+g"},
		{"with it, it may not", external, nil, recognition.Options{}, "2024-04+d+g+r"},
		{"HMAC without grants", hmac, nil, recognition.Options{}, "2024-04+d 2017-02+d"},
		{"HMAC with grants", hmac, func(o *defaultpolicy.Options) { o.UndocumentedGrants = "include" }, recognition.Options{}, "2024-04+d+g 2017-02+d+g"},
		{"an administrator has the grants of a user anyway", hmac, func(o *defaultpolicy.Options) { o.Users = []string{admin} }, recognition.Options{},
			"2024-04+d 2024-04+d+g 2017-02+d 2017-02+d+g"},
		{"editions do not differ in users", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Administrators = nil }, recognition.Options{},
			"2024-04+g 2017-02+g 2015-10+g 2014-11+g"},
		{"without anybody it is the API default, too", defaultpolicy.KeyType{}, nobody, recognition.Options{}, "api 2024-04 2017-02 2015-10 2014-11"},
		{"unless it is not asked for", hmac, nobody, recognition.Options{Style: defaultpolicy.Console}, "2024-04 2017-02"},
		{"or asked for alone", hmac, nobody, recognition.Options{Style: defaultpolicy.API}, "api"},
		{"an edition narrows", hmac, nil, recognition.Options{Edition: "2017-02"}, "2017-02+d"},
		{"so does the latest", hmac, nil, recognition.Options{Edition: defaultpolicy.Latest}, "2024-04+d"},
		{"a choice narrows", hmac, func(o *defaultpolicy.Options) { o.Users = []string{admin} }, recognition.Options{UndocumentedGrants: "include", Edition: "2017-02"}, "2017-02+d+g"},
		{"so does the box", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.NoAdministratorDelete = true },
			recognition.Options{AdministratorDelete: defaultpolicy.Omit}, "2024-04+g+r"},
	}
	for _, test := range tests {
		keyType := test.keyType.WithDefaults()
		r := identify(t, keyType, consoleDefault(t, keyType, test.change), test.options)
		if got := describe(r); got != test.want {
			t.Errorf("%s: %q, want %q\n%s", test.reason, got, test.want, explain(r))
		}
		if editions := r.Editions(); len(slices.Compact(slices.Clone(editions))) < len(editions) {
			t.Errorf("%s: an edition twice in %s", test.reason, editions)
		}
	}
}

func TestOptionsThatDoNotFitLeaveNoDefault(t *testing.T) {
	rsa := defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY"}.WithDefaults()
	mlkem := defaultpolicy.KeyType{Spec: "ML_KEM_512"}.WithDefaults()
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		options recognition.Options
		want    recognition.Verdict
	}{
		{"another style", symmetric, recognition.Options{Style: defaultpolicy.API}, recognition.NotDefault},
		{"another edition", symmetric, recognition.Options{Edition: "2017-02"}, recognition.NotDefault},
		{"administrators may not delete", symmetric, recognition.Options{AdministratorDelete: defaultpolicy.Omit}, recognition.NotDefault},
		{"no grants statement", rsa, recognition.Options{UndocumentedGrants: defaultpolicy.Omit}, recognition.NotDefault},
		{"rotation on demand", rsa, recognition.Options{UndocumentedRotation: defaultpolicy.Include, Edition: defaultpolicy.Latest}, recognition.NotDefault},
		{"what users of ML-KEM keys may do is not documented", mlkem, recognition.Options{RefuseUndocumentedUse: true}, recognition.Undecided},
		{"by analogy it is", mlkem, recognition.Options{}, recognition.Default},
	}
	for _, test := range tests {
		r := identify(t, test.keyType, consoleDefault(t, test.keyType, nil), test.options)
		if r.Verdict != test.want {
			t.Errorf("%s: want %s, got %s", test.reason, test.want, explain(r))
		}
		if r.Verdict == recognition.Undecided && r.Reason != recognition.NoDocument {
			t.Errorf("%s: %s", test.reason, explain(r))
		}
	}
}

func TestAWrongQuestionIsAnErrorThatNamesTheProblem(t *testing.T) {
	d := consoleDefault(t, symmetric, nil)
	tests := []struct {
		key     policy.Key
		keyType defaultpolicy.KeyType
		options recognition.Options
		want    defaultpolicy.ErrorCode
	}{
		{key, defaultpolicy.KeyType{}, recognition.Options{}, defaultpolicy.UnknownKeySpec},
		{key, defaultpolicy.KeyType{Spec: "SM2", Usage: "SIGN_VERIFY"}.WithDefaults(), recognition.Options{}, defaultpolicy.NotInPartition},
		{policy.Key{Partition: "aws"}, symmetric, recognition.Options{}, defaultpolicy.InvalidAccount},
		{policy.Key{Partition: "aws"}, symmetric, recognition.Options{Style: defaultpolicy.Console}, defaultpolicy.InvalidAccount},
		{policy.Key{Partition: "aws"}, symmetric, recognition.Options{Style: defaultpolicy.API}, defaultpolicy.InvalidAccount},
		{policy.Key{Account: key.Account}, symmetric, recognition.Options{}, defaultpolicy.UnknownPartition},
		{key, symmetric, recognition.Options{Style: "cli"}, defaultpolicy.UnknownStyle},
		{key, symmetric, recognition.Options{Edition: "2020"}, defaultpolicy.UnknownEdition},
		{key, defaultpolicy.KeyType{Spec: "HMAC_256"}.WithDefaults(), recognition.Options{Edition: "2014-11"}, defaultpolicy.EditionBeforeKeyType},
		{key, symmetric, recognition.Options{UndocumentedGrants: "maybe"}, defaultpolicy.InvalidOption},
		{key, symmetric, recognition.Options{AdministratorDelete: "maybe"}, defaultpolicy.InvalidOption},
	}
	for _, test := range tests {
		_, err := recognition.Identify(test.key, test.keyType, d.Set, test.options)
		var problem *defaultpolicy.Error
		if !errors.As(err, &problem) || problem.Code != test.want {
			t.Errorf("%s: got %v", test.want, err)
		}
	}
}

func TestDeletedPrincipalsAreNobodyAndAreListed(t *testing.T) {
	d := consoleDefault(t, symmetric, nil)
	const deadAdmin, deadUser = "AROAAAAAAAAAAAAAAAAAA", "AIDABBBBBBBBBBBBBBBBB"
	half := changed(t, changed(t, d, admin, deadAdmin), app, deadUser)
	if r := identify(t, symmetric, half, recognition.Options{}); r.Verdict != recognition.NotDefault {
		t.Errorf("the user lost one of two statements: %s", explain(r))
	}
	r := identify(t, symmetric, changed(t, half, app, deadUser), recognition.Options{})
	if r.Verdict != recognition.Default || len(r.Forms[0].Administrators) > 0 || !slices.Equal(r.Forms[0].Users, []string{partner}) {
		t.Errorf("a default without administrators, got %s", explain(r))
	}
	if diff := cmp.Diff([]string{deadAdmin, deadUser}, r.DeadPrincipals); diff != "" {
		t.Errorf("dead principals (-want +got):\n%s", diff)
	}
	if r := identify(t, symmetric, d, recognition.Options{}); r.DeadPrincipals == nil || len(r.DeadPrincipals) > 0 {
		t.Errorf("an empty list, not %v", r.DeadPrincipals)
	}
}

func TestAPolicyOverTheLimitsIsUndecided(t *testing.T) {
	var ids, globs, long []string
	for i := range recognition.MaxPrincipals + 1 {
		ids = append(ids, fmt.Sprintf("%012d", i))
	}
	for range 40 {
		globs = append(globs, "*"+strings.Repeat("a", 340)+"b")
	}
	for i := range 20 {
		long = append(long, fmt.Sprintf("arn:aws:iam::111122223333:role/%s/%d", strings.Repeat("a", 600), i))
	}
	allow := func(principals []string) element {
		return element{"Effect": "Allow", "Principal": element{"AWS": principals}, "Action": []string{"kms:Decrypt", "kms:Put*", "kms:Tag*"}, "Resource": "*"}
	}
	glob := element{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*",
		"Condition": element{"StringLike": element{"aws:PrincipalArn": globs}}}
	for reason, d := range map[string]*policy.Document{
		"more principals than a default has room for": documentOf(t, []element{allow(ids)}),
		"patterns that take long to match":            documentOf(t, []element{allow(long), glob}),
	} {
		if r := identify(t, symmetric, d, recognition.Options{}); r.Verdict != recognition.Undecided || r.Reason != recognition.OverLimit {
			t.Errorf("%s: %s", reason, explain(r))
		}
	}
}

func TestADefaultTooLargeForKMSIsNoMatch(t *testing.T) {
	var ids []string // as ids they fit, as AWS writes them they do not
	for i := range recognition.MaxPrincipals - 1 {
		ids = append(ids, fmt.Sprintf("%012d", i))
	}
	hmac := defaultpolicy.KeyType{Spec: "HMAC_256"}.WithDefaults()
	list := statementsOf(t, consoleDefault(t, hmac, nil))
	list[2]["Principal"] = element{"AWS": ids}
	if r := identify(t, hmac, documentOf(t, list), recognition.Options{}); r.Verdict != recognition.Undecided || r.Reason != recognition.NoDocument {
		t.Errorf("got %s", explain(r))
	}
}
