package awskms_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

func TestAliasesAreThoseOfTheKeyOnAllPages(t *testing.T) {
	w := newWorld(t, nowhere)
	arn, other := w.Create(&kms.CreateKeyInput{}), w.Create(&kms.CreateKeyInput{})
	if got, err := w.client.Aliases(t.Context(), arn); err != nil || len(got) > 0 {
		t.Errorf("a key without aliases: %q, %v", got, err)
	}
	const count = 130 // a page has a hundred
	var want []string
	for i := range count {
		want = append(want, fmt.Sprintf("alias/a%03d", i))
	}
	for name, target := range map[string]string{"alias/other": other, want[0]: arn} {
		if _, err := w.KMS(virginia).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &target}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range want[1:] {
		if _, err := w.KMS(virginia).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &arn}); err != nil {
			t.Fatal(err)
		}
	}
	w.Cloud.ResetCalls()
	got, err := w.client.Aliases(t.Context(), arn)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if calls := w.Cloud.Calls("ListAliases"); len(calls) != 2 {
		t.Errorf("%d calls, want one for each hundred", len(calls))
	}
}

func TestTagsAreAllThatAKeyCanHave(t *testing.T) {
	w := newWorld(t, nowhere)
	in := &kms.CreateKeyInput{}
	for i := range 50 {
		in.Tags = append(in.Tags, types.Tag{TagKey: aws.String(fmt.Sprintf("k%d", i)), TagValue: aws.String(fmt.Sprint(i))})
	}
	arn := w.Create(in)
	got, err := w.client.Tags(t.Context(), arn)
	if err != nil || len(got) != 50 || got["k0"] != "0" || got["k49"] != "49" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := w.client.Tags(t.Context(), w.Create(&kms.CreateKeyInput{})); err != nil || got == nil || len(got) > 0 {
		t.Errorf("a key without tags has some that are known: %v, %v", got, err)
	}
}

// KMS answers with fifty tags at once; what it answers with less is read to its end.
func TestEveryPageOfTagsIsRead(t *testing.T) {
	pages := &paged{}
	client := pages.client()
	got, err := client.Tags(t.Context(), someKey)
	if err != nil || len(got) != 3 || got["k1"] != "v" || pages.calls != 3 {
		t.Errorf("%v, %v in %d calls", got, err, pages.calls)
	}
}

func TestErrorsOfAliasesAndTagsHaveTheirClass(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	w.Guardrail.SetIdentityPolicies()
	_, err := w.client.Aliases(t.Context(), arn)
	checkClass(t, err, inspect.ErrAccessDenied)
	_, err = w.client.Tags(t.Context(), arn)
	checkClass(t, err, inspect.ErrAccessDenied)
	_, err = w.client.Aliases(t.Context(), "alias/x")
	checkClass(t, err, inspect.ErrRefused)
	_, err = w.client.Tags(t.Context(), "alias/x")
	checkClass(t, err, inspect.ErrRefused)
}

func TestResolveFindsAKeyByAnyOfItsNames(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	there := w.CreateIn(ireland, &kms.CreateKeyInput{})
	for region, target := range map[string]string{virginia: arn, ireland: there} {
		if _, err := w.KMS(region).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/x"), TargetKeyId: &target}); err != nil {
			t.Fatal(err)
		}
	}
	prefix, id, _ := strings.Cut(arn, "key/")
	for name, want := range map[string]string{
		arn: arn, id: arn, "alias/x": arn, prefix + "alias/x": arn, // the name is of the client's Region
		strings.Replace(prefix, virginia, ireland, 1) + "alias/x": there, // the ARN says which
	} {
		w.Cloud.ResetCalls()
		if got, err := w.client.Resolve(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", name, got, err, want)
		}
		if calls := w.Cloud.Calls(); name == arn && len(calls) > 0 {
			t.Errorf("an ARN is known without a call: %v", calls)
		}
	}
	_, err := w.client.Resolve(t.Context(), "alias/none")
	checkClass(t, err, inspect.ErrNotFound)
}

// PutKeyPolicy has a rate that people need as well. The wait for it ends with the context.
func TestMoreWritesThanTheRateWaitForIt(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	text, err := w.client.Policy(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := w.client.PutPolicy(ctx, arn, text); err != nil {
		t.Fatalf("the first write waits for nobody: %v", err)
	}
	cancel()
	err = w.client.PutPolicy(ctx, arn, text)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting to write") {
		t.Errorf("%v", err)
	}
	checkClass(t, err, errTransient)
	if calls := w.Cloud.Calls("PutKeyPolicy"); len(calls) != 1 {
		t.Errorf("%d writes, want 1", len(calls))
	}
}

// paged is an HTTP client that answers ListResourceTags with a tag on each of three pages.
type paged struct{ calls int }

func (p *paged) client() *awskms.Client {
	return awskms.New(aws.Config{HTTPClient: p, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "x", "")}, 1)
}

func (p *paged) Do(r *http.Request) (*http.Response, error) {
	more := `,"Truncated":true,"NextMarker":"m"`
	if p.calls == 2 {
		more = ""
	}
	body := fmt.Sprintf(`{"Tags":[{"TagKey":"k%d","TagValue":"v"}]%s}`, p.calls, more)
	p.calls++
	return answering{http.StatusOK, body}.Do(r)
}
