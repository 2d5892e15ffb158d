package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

const (
	account = "111122223333"
	admin   = "arn:aws:iam::111122223333:role/Admin"
	worker  = "arn:aws:iam::111122223333:role/Worker"
	marker  = "Marker7f3a" // stands in every drifted policy, and nowhere in the log
	ireland = "eu-west-1"
	bucket  = "archive"
)

// world is an account on embedded AWS in which the built function runs.
type world struct {
	t                testing.TB
	cloud            *localaws.Cloud
	account          *localaws.Account
	admin, guardrail localaws.Identity
	host             *lambdahost.Host
	store            *httptest.Server // the archive's S3
}

func newWorld(t testing.TB, options lambdahost.Options) *world {
	t.Helper()
	w := &world{t: t, cloud: localaws.Start(localaws.Options{Seed: 1}), host: lambdahost.Start(options)}
	w.store = httptest.NewServer(objectstore.New(objectstore.Options{Buckets: []string{bucket}, Versioned: true, ObjectLock: true}))
	t.Cleanup(w.store.Close)
	t.Cleanup(w.cloud.Close)
	t.Cleanup(w.host.Close)
	w.account = w.cloud.AddAccount(account, localaws.AccountOptions{})
	w.admin = w.account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	w.account.AddRole("Worker", localaws.PrincipalOptions{})
	w.guardrail = w.account.AddRole("Guardrail", localaws.PrincipalOptions{Policies: []string{guardrailPolicy}})
	return w
}

func (w *world) kms(region string) *kms.Client {
	return kms.NewFromConfig(w.cloud.Config(w.admin, region))
}

// create makes a key and returns its ARN with its event.
func (w *world) create(in *kms.CreateKeyInput) (arn string, event []byte) {
	w.t.Helper()
	out, err := w.kms("us-east-1").CreateKey(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.KeyMetadata.Arn, w.lastEvent(0)
}

// lastEvent is the event before the last n.
func (w *world) lastEvent(n int) []byte {
	list := w.cloud.Events()
	return list[len(list)-1-n]
}

// hash is that of the canonical form of a key's policy.
func (w *world) hash(arn string) string {
	w.t.Helper()
	out, err := w.kms(strings.Split(arn, ":")[3]).GetKeyPolicy(w.t.Context(), &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		w.t.Fatal(err)
	}
	return hashOf(w.t, *out.Policy)
}

func hashOf(t testing.TB, text string) string {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Hash("aws")
}

// consoleDefault is the console default of a key of a type, for Admin and Worker.
func consoleDefault(t testing.TB, keyType defaultpolicy.KeyType) string {
	t.Helper()
	d, err := defaultpolicy.Generate(keyType.WithDefaults(), defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: account, Partition: "aws", Administrators: []string{admin}, Users: []string{worker},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.Text()
}

// writes are the keys that the guardrail wrote, and how often.
func (w *world) writes() map[string]int {
	count := map[string]int{}
	for _, call := range w.cloud.Calls("PutKeyPolicy") {
		if call.Identity == w.guardrail.ARN {
			count[call.KeyARN]++
		}
	}
	return count
}

// sqs is the batch that Lambda makes of messages; each is named after its place.
func sqs(t testing.TB, bodies ...[]byte) []byte {
	t.Helper()
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{
			"messageId": fmt.Sprintf("message-%d", i), "receiptHandle": "r", "body": string(body),
			"attributes": map[string]string{"ApproximateReceiveCount": "1"}, "messageAttributes": map[string]any{},
			"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:enforce", "awsRegion": "us-east-1",
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// resetting is a configuration that writes the console default for Admin and Worker.
const resetting = `version: 1
mode: repair
baselines:
  standard:
    style: console
    administrators: {required: ["arn:${Partition}:iam::${AccountId}:role/Admin"]}
    users: {required: ["arn:${Partition}:iam::${AccountId}:role/Worker"]}
repair: {strategy: reset, from: medium}
`

// repairing are settings with a configuration and the archive.
func (w *world) repairing(configuration string) []string {
	return []string{
		w.configuration(configuration), app.EnvArchiveBucket + "=" + bucket,
		app.EnvAccount + "=" + account, app.EnvRole + "=" + w.guardrail.PrincipalARN,
	}
}

func (w *world) consoleSettings() []string { return w.repairing(resetting) }

// configuration writes a configuration to a file and returns the setting that names it.
func (w *world) configuration(text string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), app.ConfigurationFile)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return app.EnvConfig + "=" + path
}

// Key policies that differ from the default, with the marker in them.
const (
	public    = `{"Version":"2012-10-17","Statement":[{"Sid":"` + marker + `","Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"kms:*","Resource":"*"},{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}`
	lockedOut = `{"Version":"2012-10-17","Statement":{"Sid":"` + marker + `","Effect":"Allow","Principal":{"AWS":"` + admin + `"},"Action":"kms:*","Resource":"*"}}`
)

// message is one message of the batch and what must become of it.
type message struct {
	name    string
	event   []byte
	key     string // the ARN in the log; "" where the event names none
	policy  string // what the key has afterwards; "" where there is no such key
	verdict guardrail.Verdict
	action  guardrail.Action
	reason  string
	writes  int
	failed  bool // given back
}

// messages sets the scene: a key for each message, in each state that an event can meet.
func (w *world) messages() []message {
	w.t.Helper()
	symmetric := consoleDefault(w.t, defaultpolicy.KeyType{})
	list := []message{w.compliant(symmetric), w.drifted(symmetric), w.hmac(), w.replica(), w.forwarded(symmetric), w.lockedOut()}

	unanswered, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	list = append(list, message{name: "KMS fails", event: event, key: unanswered, policy: public, failed: true})
	w.cloud.Inject(localaws.Fault{Kind: localaws.InternalError, Operation: "GetKeyPolicy", KeyARN: unanswered, Times: 3})

	list = append(list,
		message{name: "no JSON", event: []byte("hello"), verdict: guardrail.CannotJudge, action: guardrail.Reported, reason: "malformed-event"},
		message{name: "Regions disagree", event: bad(w.t, "region-disagrees"), verdict: guardrail.CannotJudge, action: guardrail.Reported, reason: "event-disagrees"},
		w.gone(), w.awsManaged())
	w.cloud.ResetCalls()
	return list
}

func (w *world) compliant(symmetric string) message {
	arn, event := w.create(&kms.CreateKeyInput{Policy: &symmetric})
	return message{name: "compliant", event: event, key: arn, policy: symmetric, verdict: guardrail.Compliant, action: guardrail.NoAction}
}

func (w *world) drifted(symmetric string) message {
	w.t.Helper()
	arn, _ := w.create(&kms.CreateKeyInput{Policy: &symmetric})
	if _, err := w.kms("us-east-1").PutKeyPolicy(w.t.Context(), &kms.PutKeyPolicyInput{KeyId: &arn, Policy: aws.String(public)}); err != nil {
		w.t.Fatal(err)
	}
	return message{
		name: "drifted", event: w.lastEvent(0), key: arn, policy: symmetric,
		verdict: guardrail.NonCompliant, action: guardrail.Repaired, reason: "public-access", writes: 1,
	}
}

func (w *world) hmac() message {
	arn, event := w.create(&kms.CreateKeyInput{KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac})
	return message{
		name: "HMAC key with the API default", event: event, key: arn, policy: consoleDefault(w.t, defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}),
		verdict: guardrail.NonCompliant, action: guardrail.Repaired, reason: "required-access-missing", writes: 1,
	}
}

func (w *world) replica() message {
	w.t.Helper()
	primary, _ := w.create(&kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	out, err := w.kms("us-east-1").ReplicateKey(w.t.Context(), &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: aws.String(ireland), Policy: aws.String(public)})
	if err != nil {
		w.t.Fatal(err)
	}
	return message{
		name: "replica in another Region", event: w.lastEvent(1), key: *out.ReplicaKeyMetadata.Arn,
		policy:  consoleDefault(w.t, defaultpolicy.KeyType{MultiRegion: defaultpolicy.Replica}),
		verdict: guardrail.NonCompliant, action: guardrail.Repaired, reason: "public-access", writes: 1,
	}
}

// forwarded is the event of a key of another Region, as its forwarder sends it to the home Region: with the
// account, the Region and the id that it had.
func (w *world) forwarded(symmetric string) message {
	w.t.Helper()
	client := w.kms(ireland)
	out, err := client.CreateKey(w.t.Context(), &kms.CreateKeyInput{Policy: &symmetric})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := client.PutKeyPolicy(w.t.Context(), &kms.PutKeyPolicyInput{KeyId: out.KeyMetadata.Arn, Policy: aws.String(public)}); err != nil {
		w.t.Fatal(err)
	}
	return message{
		name: "forwarded from another Region", event: w.lastEvent(0), key: *out.KeyMetadata.Arn, policy: symmetric,
		verdict: guardrail.NonCompliant, action: guardrail.Repaired, reason: "public-access", writes: 1,
	}
}

func (w *world) lockedOut() message {
	arn, event := w.create(&kms.CreateKeyInput{Policy: aws.String(lockedOut)})
	return message{
		name: "locked out", event: event, key: arn, policy: lockedOut,
		verdict: guardrail.CannotJudge, action: guardrail.Reported, reason: "locked-out",
	}
}

// gone is an old event of a key that does not exist.
func (w *world) gone() message {
	w.t.Helper()
	arn, event := w.create(&kms.CreateKeyInput{})
	key := arn[:len(arn)-12] + "000000000000"
	id, other := arn[strings.LastIndex(arn, "/")+1:], key[strings.LastIndex(key, "/")+1:]
	var made struct{ Time string }
	if err := json.Unmarshal(event, &made); err != nil {
		w.t.Fatal(err)
	}
	text := strings.NewReplacer(id, other, made.Time, "2024-01-01T00:00:00Z").Replace(string(event))
	return message{
		name: "gone", event: []byte(text), key: key,
		verdict: guardrail.NothingToJudge, action: guardrail.Skipped, reason: "key-gone",
	}
}

func (w *world) awsManaged() message {
	w.t.Helper()
	arn := w.account.AddAWSManagedKey("us-east-1", "s3")
	_, event := w.create(&kms.CreateKeyInput{})
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		w.t.Fatal(err)
	}
	detail, ok := e["detail"].(map[string]any)
	if !ok {
		w.t.Fatalf("detail is %T", e["detail"])
	}
	detail["eventName"], detail["requestParameters"], detail["responseElements"] = "PutKeyPolicy", map[string]any{"keyId": arn}, nil
	delete(detail, "resources")
	text, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	return message{
		name: "AWS managed", event: text, key: arn,
		verdict: guardrail.NothingToJudge, action: guardrail.Skipped, reason: "aws-managed-key",
	}
}

func bad(t testing.TB, name string) []byte {
	t.Helper()
	list := events.Bad()
	i := slices.IndexFunc(list, func(s events.Sample) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no bad sample %s", name)
	}
	return list[i].JSON
}
