package cli

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// home is an account on embedded AWS with keys and their events in files.
type home struct {
	cloud   *localaws.Cloud
	account *localaws.Account
	owner   localaws.Identity
	api     *kms.Client
	// endpoint are the flags that name embedded AWS.
	endpoint []string
}

// newHome starts embedded AWS and puts credentials for it into the environment,
// and nothing else that an AWS SDK reads.
func newHome(t *testing.T) *home {
	t.Helper()
	cloud := localaws.Start(localaws.Options{})
	t.Cleanup(cloud.Close)
	its := cloud.AddAccount(account, localaws.AccountOptions{})
	owner := its.AddRole("Owner", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "GUARDRAIL_") || strings.HasPrefix(name, "ORGANIZATION") || name == app.EnvArchiveBucket {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", owner.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", owner.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", owner.SessionToken)
	return &home{cloud, its, owner, kms.NewFromConfig(cloud.Config(owner, "us-east-1")), []string{"--endpoint-url", cloud.Endpoint()}}
}

// key makes a key with a policy and returns its ARN and the file of its event.
func (h *home) key(t *testing.T, policy string) (arn, file string) {
	t.Helper()
	made, err := h.api.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &policy})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(made.KeyMetadata.Arn), h.lastEvent(t)
}

// lastEvent returns the file of the latest event.
func (h *home) lastEvent(t *testing.T) string {
	t.Helper()
	list := h.cloud.Events()
	return write(t, "event.json", string(list[len(list)-1]))
}

// policy returns a key's policy.
func (h *home) policy(t *testing.T, arn string) string {
	t.Helper()
	out, err := h.api.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Policy)
}

// replay runs the command against embedded AWS.
func (h *home) replay(t *testing.T, in string, args ...string) result {
	t.Helper()
	h.cloud.ResetCalls()
	return kmsguard(t, in, slices.Concat([]string{"replay", "--region", "us-east-1"}, h.endpoint, orDefault(t, args))...)
}

// archive gives replay a bucket to archive in. Each service has its own endpoint then, which
// --endpoint-url would overrule, as in the AWS CLI.
func (h *home) archive(t *testing.T) {
	t.Helper()
	store := httptest.NewServer(objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Versioned: true, ObjectLock: true}))
	t.Cleanup(store.Close)
	h.endpoint = nil
	t.Setenv("AWS_ENDPOINT_URL", h.cloud.Endpoint())
	t.Setenv("AWS_ENDPOINT_URL_S3", store.URL)
	t.Setenv(app.EnvArchiveBucket, "archive")
}
