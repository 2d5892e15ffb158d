package awskms_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

const listerPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}}`

// lister is a client whose role may list keys.
func (w *world) lister(region string) *awskms.Client {
	role := w.Account.AddRole("Lister", localaws.PrincipalOptions{Policies: []string{listerPolicy}})
	return awskms.New(w.Cloud.Config(role, region), 1)
}

func TestKeysAreAllOfTheAccountAndRegionPageByPage(t *testing.T) {
	w := newWorld(t, virginia)
	want := []string{w.Account.AddAWSManagedKey(virginia, "s3")}
	for range 1100 {
		want = append(want, w.Create(&kms.CreateKeyInput{}))
	}
	w.CreateIn(ireland, &kms.CreateKeyInput{})
	w.Cloud.Inject(localaws.Fault{Kind: localaws.Throttle, Operation: "ListKeys", Skip: 1})
	var got []string
	pages := 0
	lister := w.lister(virginia)
	for page, err := range lister.Keys(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		got = append(got, page...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || pages != 2 {
		t.Errorf("%d keys on %d pages, want %d on 2", len(got), pages, len(want))
	}
	for _, err := range lister.Keys(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // one page is enough for some
	}
	if calls := len(w.Cloud.Calls("ListKeys")); calls != 4 {
		t.Errorf("%d calls, want two pages, one of them twice, and one more", calls)
	}
}

func TestKeysEndWithTheClassOfTheError(t *testing.T) {
	w := newWorld(t, virginia) // whose role may not list
	n := 0
	for page, err := range w.client.Keys(t.Context()) {
		n++
		if page != nil || !errors.Is(err, inspect.ErrAccessDenied) {
			t.Errorf("%q, %v", page, err)
		}
	}
	if n != 1 {
		t.Errorf("%d answers, want the error", n)
	}
}

func TestAliasesAreThoseOfAllKeysPageByPage(t *testing.T) {
	w := newWorld(t, virginia)
	api := w.KMS(virginia)
	want := map[string][]string{}
	for i := range 130 {
		arn := w.CreateIn(virginia, &kms.CreateKeyInput{})
		id := arn[strings.LastIndexByte(arn, '/')+1:]
		for j := range i % 3 { // none, one or two
			name := fmt.Sprintf("alias/%03d/%d", i, j)
			if _, err := api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &arn}); err != nil {
				t.Fatal(err)
			}
			want[id] = append(want[id], name)
		}
	}
	w.Cloud.ResetCalls()
	got, err := awskms.NewPatient(w.Config(w.Admin, virginia)).AliasesByKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if calls := len(w.Cloud.Calls("ListAliases")); calls != 2 {
		t.Errorf("%d calls, want two pages", calls)
	}
	if none, err := w.lister(virginia).AliasesByKey(t.Context()); none != nil || !errors.Is(err, inspect.ErrAccessDenied) {
		t.Errorf("who may not list them gets %v, %v", none, err)
	}
}
