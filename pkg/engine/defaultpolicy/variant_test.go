package defaultpolicy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

func variants(t *testing.T, keyType defaultpolicy.KeyType, o defaultpolicy.Options) []defaultpolicy.Variant {
	t.Helper()
	list, err := defaultpolicy.Variants(keyType, o)
	if err != nil {
		t.Fatalf("%s: %v", keyType, err)
	}
	return list
}

// describe returns variants as "edition", with +g and +r for what they have.
func describe(list []defaultpolicy.Variant) string {
	var words []string
	for _, v := range list {
		word := string(v.Edition)
		if v.Grants {
			word += "+g"
		}
		if v.Rotation {
			word += "+r"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestVariantsAreEditionsAndBothFormsOfWhatIsUndocumented(t *testing.T) {
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		change  func(*defaultpolicy.Options)
		want    string
	}{
		{"all is documented, and there were four editions", defaultpolicy.KeyType{}, nil,
			"2024-04+g+r 2017-02+g 2015-10+g 2014-11+g"},
		{"importing came in 2016; without rotation it is the edition before", defaultpolicy.KeyType{Origin: "EXTERNAL"}, nil,
			"2024-04+g+r 2024-04+g 2015-10+g"},
		{"custom key stores came in 2018", defaultpolicy.KeyType{Origin: "AWS_CLOUDHSM"}, nil, "2024-04+g+r 2024-04+g"},
		{"multi-Region keys came in 2021", defaultpolicy.KeyType{MultiRegion: "primary"}, nil, "2024-04+g+r 2024-04+g"},
		{"HMAC: neither first", defaultpolicy.KeyType{Spec: "HMAC_256"}, nil, "2024-04 2024-04+g 2024-04+r 2024-04+g+r"},
		{"RSA: grants first", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "ENCRYPT_DECRYPT"}, nil,
			"2024-04+g 2024-04 2024-04+g+r 2024-04+r"},
		{"ML-KEM", defaultpolicy.KeyType{Spec: "ML_KEM_512"}, nil, "2024-04+g 2024-04 2024-04+g+r 2024-04+r"},
		{"a choice narrows", defaultpolicy.KeyType{Spec: "HMAC_256"},
			func(o *defaultpolicy.Options) { o.UndocumentedGrants, o.UndocumentedRotation = "omit", "omit" }, "2024-04"},
		{"an edition narrows", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = "2015-10" }, "2015-10+g"},
		{"so does the latest", defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { o.Edition = defaultpolicy.Latest }, "2024-04+g+r"},
		{"without principals only the Id differs", defaultpolicy.KeyType{},
			func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, nil }, "2024-04+g+r 2015-10+g 2014-11+g"},
		{"the API default is one", defaultpolicy.KeyType{Spec: "HMAC_256"},
			func(o *defaultpolicy.Options) { o.Style, o.Administrators, o.Users = defaultpolicy.API, nil, nil }, ""},
	}
	for _, test := range tests {
		o := consoleOptions("aws")
		if test.change != nil {
			test.change(&o)
		}
		list := variants(t, test.keyType.WithDefaults(), o)
		if got := describe(list); got != test.want {
			t.Errorf("%s: %s, want %s", test.reason, got, test.want)
		}
		if first := generate(t, test.keyType.WithDefaults(), o); first.Text() != list[0].Document.Text() {
			t.Errorf("%s: Generate does not return the first variant", test.reason)
		}
	}
}

func TestVariantsDifferAndSayWhatTheyHave(t *testing.T) {
	for keyType, partition := range everyKeyType() {
		seen := map[string]bool{}
		for _, v := range variants(t, keyType, consoleOptions(partition)) {
			if seen[v.Document.Text()] {
				t.Errorf("%s: twice\n%s", keyType, v.Document.Text())
			}
			seen[v.Document.Text()] = true
			if got := strings.Contains(v.Document.Text(), "kms:CreateGrant"); got != v.Grants {
				t.Errorf("%s: Grants is %v, but %v in\n%s", keyType, v.Grants, got, v.Document.Text())
			}
			if got := strings.Contains(v.Document.Text(), "kms:RotateKeyOnDemand"); got != v.Rotation {
				t.Errorf("%s: Rotation is %v, but %v in\n%s", keyType, v.Rotation, got, v.Document.Text())
			}
		}
	}
}

func TestEachEditionAddsActionsForAdministrators(t *testing.T) {
	editions := defaultpolicy.Editions()
	if !slices.IsSortedFunc(editions, func(a, b defaultpolicy.EditionInfo) int { return strings.Compare(string(a.Name), string(b.Name)) }) {
		t.Error("editions are not in order")
	}
	var have []string
	for i, e := range editions {
		o := consoleOptions("aws")
		o.Edition = e.Name
		d := generate(t, defaultpolicy.KeyType{}.WithDefaults(), o)
		actions := d.Statements[1].Actions.Values
		added := slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return slices.Contains(have, a) })
		if i > 0 && !slices.Equal(added, e.Adds) {
			t.Errorf("%s adds %v, and says %v", e.Name, added, e.Adds)
		}
		if len(actions) != len(have)+len(added) {
			t.Errorf("%s takes actions away", e.Name)
		}
		if d.ID != e.ID || !strings.HasPrefix(e.From, string(e.Name)) || e.Source == "" {
			t.Errorf("%s: %+v, Id %s", e.Name, e, d.ID)
		}
		have = actions
	}
	if editions[len(editions)-1].Name != defaultpolicy.Edition2024 {
		t.Error("a new edition: what does it change for each key type?")
	}
}

func TestNoKeyHasADefaultFromBeforeItsType(t *testing.T) {
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		first   defaultpolicy.Edition
	}{
		{"KMS began with these", defaultpolicy.KeyType{}, "2014-11"},
		{"import: August 2016", defaultpolicy.KeyType{Origin: "EXTERNAL"}, "2015-10"},
		{"CloudHSM key stores: November 2018", defaultpolicy.KeyType{Origin: "AWS_CLOUDHSM"}, "2017-02"},
		{"external key stores: November 2022", defaultpolicy.KeyType{Origin: "EXTERNAL_KEY_STORE"}, "2017-02"},
		{"multi-Region keys: June 2021", defaultpolicy.KeyType{MultiRegion: "replica"}, "2017-02"},
		{"multi-Region keys, also with imported material", defaultpolicy.KeyType{Origin: "EXTERNAL", MultiRegion: "primary"}, "2017-02"},
		{"HMAC: April 2022", defaultpolicy.KeyType{Spec: "HMAC_224"}, "2017-02"},
		{"asymmetric keys: November 2019", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY"}, "2017-02"},
		{"asymmetric keys, also with imported material", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "EXTERNAL"}, "2017-02"},
		{"key agreement: June 2024", defaultpolicy.KeyType{Spec: "ECC_NIST_P256", Usage: "KEY_AGREEMENT"}, "2024-04"},
		{"ML-DSA: June 2025", defaultpolicy.KeyType{Spec: "ML_DSA_44"}, "2024-04"},
		{"Ed25519: November 2025", defaultpolicy.KeyType{Spec: "ECC_NIST_EDWARDS25519"}, "2024-04"},
		{"ML-KEM: October 2026", defaultpolicy.KeyType{Spec: "ML_KEM_1024"}, "2024-04"},
	}
	for _, test := range tests {
		for _, e := range defaultpolicy.Editions() {
			o := consoleOptions("aws")
			o.Edition = e.Name
			var want defaultpolicy.ErrorCode
			if e.Name < test.first {
				want = defaultpolicy.EditionBeforeKeyType
			}
			if _, err := defaultpolicy.Generate(test.keyType.WithDefaults(), o); codeOf(t, err) != want {
				t.Errorf("%s: edition %s: %v, want code %q", test.reason, e.Name, err, want)
			}
		}
	}
}

func TestEditionsCannotBeChangedFromOutside(t *testing.T) {
	defaultpolicy.Editions()[1].Adds[0] = "kms:*"
	defaultpolicy.Editions()[0].Name = "never"
	if e := defaultpolicy.Editions(); e[1].Adds[0] != "kms:ScheduleKeyDeletion" || e[0].Name != "2014-11" {
		t.Errorf("editions are now %+v", e)
	}
}

func TestTheAPIDefaultTakesEveryEdition(t *testing.T) {
	o := defaultpolicy.Options{Style: defaultpolicy.API, Account: account, Partition: "aws"}
	want := generate(t, defaultpolicy.KeyType{Spec: "ML_KEM_512"}.WithDefaults(), o).Text()
	for _, e := range append(defaultpolicy.Editions(), defaultpolicy.EditionInfo{Name: defaultpolicy.Latest}) {
		o.Edition = e.Name
		if got := generate(t, defaultpolicy.KeyType{Spec: "ML_KEM_512"}.WithDefaults(), o); got.Text() != want {
			t.Errorf("%s: got\n%s", e.Name, got.Text())
		}
	}
}
