package awsssm_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awsssm"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/parameterstore"
)

const name = "/kms-guardrail/mode-max"

func newParameter(t *testing.T, store *parameterstore.Store) *awsssm.Parameter {
	t.Helper()
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	return awsssm.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
		RetryMaxAttempts: 1,
	}, name)
}

func TestAParameterIsReadAndReplaced(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	store := parameterstore.New(func() time.Time { return now })
	p := newParameter(t, store)
	if _, _, err := p.Read(t.Context()); !errors.Is(err, awsssm.ErrNoParameter) {
		t.Errorf("%v, want no parameter", err)
	}
	if err := p.Write(t.Context(), "x"); !errors.Is(err, awsssm.ErrNoParameter) || store.Value(name) != "" {
		t.Errorf("%v, want no parameter to be made", err)
	}
	store.Set(name, "first")
	if text, changed, err := p.Read(t.Context()); text != "first" || !changed.IsZero() || err != nil {
		t.Errorf("%q %v %v, want what the deployment made, without a time", text, changed, err)
	}
	if err := p.Write(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	if text, changed, err := p.Read(t.Context()); text != "second" || !changed.Equal(now) || err != nil {
		t.Errorf("%q %v %v, want second at %v", text, changed, err, now)
	}
	store.Fail(500)
	if _, _, err := p.Read(t.Context()); err == nil || errors.Is(err, awsssm.ErrNoParameter) {
		t.Errorf("%v, want what AWS answered", err)
	}
}
