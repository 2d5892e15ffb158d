package awskms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// The client implements what the enforcer needs.
var _ enforcer.Keys = (*awskms.Client)(nil)

const (
	virginia = guardtest.Virginia
	ireland  = guardtest.Ireland
	beijing  = "cn-north-1"
	nowhere  = "ap-south-1" // the Region of the function, where none of its keys are
)

// world is the world of the tests with a client that calls as the guardrail.
type world struct {
	*guardtest.World
	client *awskms.Client
}

func newWorld(t *testing.T, region string) *world {
	t.Helper()
	partition := ""
	if region == beijing {
		partition = "aws-cn"
	}
	w := &world{World: guardtest.Start(t, guardtest.Options{Partition: partition})}
	w.client = awskms.New(w.Config(w.Guardrail, region), 1)
	return w
}

func (w *world) replicate(t *testing.T, primary, region string) string {
	t.Helper()
	out, err := w.KMS(virginia).ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: &region})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ReplicaKeyMetadata.Arn
}

func TestDescribeReadsEveryKeyTypeThatKMSHas(t *testing.T) {
	there, china := newWorld(t, virginia), newWorld(t, beijing)
	for _, spec := range defaultpolicy.KeySpecs() {
		for _, usage := range defaultpolicy.UsagesOf(spec) {
			w, region := there, virginia
			if spec == defaultpolicy.SM2 {
				w, region = china, beijing
			}
			arn := w.CreateIn(region, &kms.CreateKeyInput{KeySpec: types.KeySpec(spec), KeyUsage: types.KeyUsageType(usage)})
			want := defaultpolicy.KeyType{Spec: spec, Usage: usage, Origin: defaultpolicy.AWSKMS, MultiRegion: defaultpolicy.SingleRegion}
			checkType(t, w, arn, want, w.Account.Partition)
		}
	}
}

func TestDescribeReadsOriginAndPartInAMultiRegionSet(t *testing.T) {
	w := newWorld(t, nowhere)
	symmetric := defaultpolicy.KeyType{}.WithDefaults()
	primary := w.Create(&kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	for _, row := range []struct {
		arn    string
		change func(*defaultpolicy.KeyType)
	}{
		{w.Create(&kms.CreateKeyInput{}), func(*defaultpolicy.KeyType) {}},
		{w.Create(&kms.CreateKeyInput{Origin: types.OriginTypeExternal}), func(t *defaultpolicy.KeyType) { t.Origin = defaultpolicy.External }},
		{w.Create(&kms.CreateKeyInput{
			Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: aws.String(w.Account.AddCustomKeyStore(virginia, localaws.StoreOptions{})),
		}), func(t *defaultpolicy.KeyType) { t.Origin = defaultpolicy.AWSCloudHSM }},
		{w.Create(&kms.CreateKeyInput{
			Origin: types.OriginTypeExternalKeyStore, XksKeyId: aws.String("1"),
			CustomKeyStoreId: aws.String(w.Account.AddCustomKeyStore(virginia, localaws.StoreOptions{External: true})),
		}), func(t *defaultpolicy.KeyType) { t.Origin = defaultpolicy.ExternalKeyStore }},
		{primary, func(t *defaultpolicy.KeyType) { t.MultiRegion = defaultpolicy.Primary }},
		{w.replicate(t, primary, ireland), func(t *defaultpolicy.KeyType) { t.MultiRegion = defaultpolicy.Replica }},
	} {
		want := symmetric
		row.change(&want)
		checkType(t, w, row.arn, want, "aws")
	}
}

// checkType compares what Describe says of a key, and that there is a default for it.
func checkType(t *testing.T, w *world, arn string, want defaultpolicy.KeyType, partition string) {
	t.Helper()
	got, err := w.client.Describe(t.Context(), arn)
	if err != nil {
		t.Errorf("%s: %v", want, err)
		return
	}
	wantKey := rules.Key{ARN: arn, Account: w.Account.ID, Region: strings.Split(arn, ":")[3], Partition: partition, Type: want, Created: got.Created}
	if age := time.Since(got.Created); age < 0 || age > time.Hour {
		t.Errorf("%s was made %v ago", arn, age)
	}
	if diff := cmp.Diff(wantKey, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", want, diff)
	}
	if err := got.Type.ValidateIn(partition); err != nil {
		t.Errorf("%s: %v", want, err)
	}
}

func TestAnAWSManagedKeyIsRecognised(t *testing.T) {
	w := newWorld(t, virginia)
	got, err := w.client.Describe(t.Context(), w.Account.AddAWSManagedKey(virginia, "s3"))
	if err != nil || !got.AWSManaged {
		t.Errorf("%+v, %v", got, err)
	}
}

// The event of a replica arrives in the Region of its primary, and the function may run in
// a third one.
func TestEveryCallGoesToTheRegionOfTheKey(t *testing.T) {
	w := newWorld(t, nowhere)
	primary := w.Create(&kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	for arn, region := range map[string]string{primary: virginia, w.replicate(t, primary, ireland): ireland} {
		w.Cloud.ResetCalls()
		if _, err := w.client.Describe(t.Context(), arn); err != nil {
			t.Fatal(err)
		}
		text, err := w.client.Policy(t.Context(), arn)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.client.PutPolicy(t.Context(), arn, text); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Aliases(t.Context(), arn); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Tags(t.Context(), arn); err != nil {
			t.Fatal(err)
		}
		var operations []string
		for _, call := range w.Cloud.Calls() {
			operations = append(operations, call.Operation)
			if call.Region != region || call.KeyARN != arn && call.Operation != "ListAliases" {
				t.Errorf("%s of %s went to %s in %s", call.Operation, arn, call.KeyARN, call.Region)
			}
		}
		if want := []string{"DescribeKey", "GetKeyPolicy", "PutKeyPolicy", "ListAliases", "ListResourceTags"}; !slices.Equal(operations, want) {
			t.Errorf("calls %q, want %q: one each", operations, want)
		}
	}
}

func TestPutPolicyReplacesWhatPolicyReads(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}}`
	if err := w.client.PutPolicy(t.Context(), arn, text); err != nil {
		t.Fatal(err)
	}
	if got, err := w.client.Policy(t.Context(), arn); err != nil || got != text {
		t.Errorf("%s, %v", got, err)
	}
}

// The lockout safety check protects the key from the guardrail too.
func TestPutPolicySendsThreeParametersAndNeverTheLockoutBypass(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	text, err := w.client.Policy(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	lockout := strings.Replace(text, "kms:*", "kms:Decrypt", 1)
	for _, policy := range []string{text, lockout, "nonsense"} {
		_ = w.client.PutPolicy(t.Context(), arn, policy) // refused ones were sent too
	}
	calls := w.Cloud.Calls("PutKeyPolicy")
	if len(calls) != 3 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, call := range calls {
		var members map[string]string
		if err := json.Unmarshal(call.Request, &members); err != nil {
			t.Fatal(err)
		}
		delete(members, "Policy")
		if diff := cmp.Diff(map[string]string{"KeyId": arn, "PolicyName": "default"}, members); diff != "" {
			t.Errorf("request %s (-want +got):\n%s", call.Request, diff)
		}
	}
	if calls[1].Error != "MalformedPolicyDocumentException" {
		t.Errorf("KMS answered %q to a policy that locks out; the check was off", calls[1].Error)
	}
}

// answering is an HTTP client that answers every request with one text.
type answering struct {
	status int
	body   string
}

func (a answering) Do(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

func TestWhatKMSDoesNotSayTodayIsNeverTakenForWhatIsKnown(t *testing.T) {
	metadata := func(more string) string {
		return fmt.Sprintf(`{"KeyMetadata":{"KeyId":"x","Arn":%q,"KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT","Origin":"AWS_KMS"%s}}`, someKey, more)
	}
	for _, row := range []struct{ name, answer, reason string }{
		{"nothing", `{}`, "no metadata is no key"},
		{"no ARN", `{"KeyMetadata":{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","KeyManager":"CUSTOMER"}}`, "which key is it?"},
		{"another key", strings.Replace(metadata(`,"KeyManager":"CUSTOMER"`), "1234abcd", "9999abcd", 1), "its policy would be written to this one"},
		{"no manager", metadata(""), "it may be an AWS managed key, or not"},
		{"another manager", metadata(`,"KeyManager":"PARTNER"`), "it may be an AWS managed key, or not"},
	} {
		t.Run(row.name, func(t *testing.T) {
			key, err := describeAnswer(t.Context(), http.StatusOK, row.answer)
			if !errors.Is(err, inspect.ErrRefused) || !reflect.DeepEqual(key, rules.Key{}) {
				t.Errorf("%+v, %v: %s", key, err, row.reason)
			}
		})
	}
	for _, row := range []struct{ name, more, reason string }{
		{"another spec", `,"KeySpec":"ML_KEM_2048"`, "its default is not known"},
		{"another usage", `,"KeyUsage":"TELEPORT"`, "what users may do is not known"},
		{"another origin", `,"Origin":"MOON"`, "what administrators may do is not known"},
		{"no part", `,"MultiRegion":true`, "a multi-Region key without its part"},
		{"another part", `,"MultiRegion":true,"MultiRegionConfiguration":{"MultiRegionKeyType":"ARBITER"}`, "neither primary nor replica"},
	} {
		t.Run(row.name, func(t *testing.T) {
			key, err := describeAnswer(t.Context(), http.StatusOK, metadata(row.more+`,"KeyManager":"CUSTOMER"`))
			if err != nil {
				t.Fatal(err)
			}
			if key.Type.Validate() == nil {
				t.Errorf("%s is taken for a type that has a default: %s", key.Type, row.reason)
			}
		})
	}
}

// someKey is a key that exists nowhere.
const someKey = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// describeAnswer describes someKey where DescribeKey has one answer.
func describeAnswer(ctx context.Context, status int, body string) (rules.Key, error) {
	return awskms.New(aws.Config{
		HTTPClient:  answering{status, body},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA", "x", ""),
	}, 1).Describe(ctx, someKey)
}

func TestACallEndsWithItsContext(t *testing.T) {
	w := newWorld(t, virginia)
	arn := w.Create(&kms.CreateKeyInput{})
	w.Cloud.Inject(localaws.Fault{Kind: localaws.TimeoutBefore, Times: 10, Hang: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.client.Policy(ctx, arn)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	checkClass(t, err, errTransient)
}
