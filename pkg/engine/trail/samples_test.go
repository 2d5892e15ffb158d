package trail_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

var update = flag.Bool("update", false, "rewrite testdata/decoded.json from what Decode returns now")

const judge trail.Reason = "" // not ignored

// decoded has one row for each sample: judged, or ignored with which reason. What
// exactly is decoded stands in testdata/decoded.json.
var decoded = []struct {
	name   string
	want   trail.Reason
	reason string
}{
	{"create-key-access-denied", trail.FailedCall, "no key was made"},
	{"create-key-api-default", judge, "no policy text, parameters present: the key has the API default"},
	{"create-key-aws-managed", trail.AWSManagedKey, "keyManager AWS: nobody but AWS can change its policy"},
	{"create-key-cloudformation", judge, "who made the key does not matter"},
	{"create-key-cloudhsm", judge, "key in a custom key store"},
	{"create-key-cloudtrail-wizard", judge, "made by another service's console, owned by the account; an empty sessionIssuer is no error"},
	{"create-key-console", judge, "a caller of the console"},
	{"create-key-ecc-key-agreement", judge, "key type does not matter"},
	{"create-key-ecc-sign", judge, "key type does not matter"},
	{"create-key-ed25519", judge, "key type does not matter"},
	{"create-key-failed", trail.FailedCall, "KMS refused the policy; no key was made"},
	{"create-key-eusc", judge, "partition aws-eusc from the Region"},
	{"create-key-govcloud", judge, "partition aws-us-gov from the Region"},
	{"create-key-hmac", judge, "key type does not matter"},
	{"create-key-imported", judge, "AWSAccountId with a capital A is the same member"},
	{"create-key-ml-dsa", judge, "key type does not matter"},
	{"create-key-ml-kem", judge, "key type does not matter"},
	{"create-key-multi-region-primary", judge, "mrk- id"},
	{"create-key-network-activity", trail.NotAPICall, "the same call has a management event of its own"},
	{"create-key-parameters-omitted", judge, "the key is in the response; ParametersOmitted"},
	{"create-key-replica-dry-run", trail.FailedCall, "a dry run makes no key"},
	{"create-key-replica-region", judge, "the replica, in its own Region"},
	{"create-key-response-omitted", judge, "the key is in resources"},
	{"create-key-root-user", judge, "no sessionContext"},
	{"create-key-rsa-encrypt", judge, "key type does not matter"},
	{"create-key-rsa-sign", judge, "key type does not matter"},
	{"create-key-sm2", judge, "partition aws-cn from the Region"},
	{"create-key-with-policy", judge, "PolicyText from the request"},
	{"create-key-xks", judge, "key in a custom key store"},
	{"get-key-policy", trail.UnhandledOperation, "a read"},
	{"kms-cmk-rotation", trail.NotAPICall, "native KMS event"},
	{"put-key-policy-access-denied", trail.FailedCall, "the policy is as before"},
	{"put-key-policy-by-arn", judge, "keyId is the ARN that resources has"},
	{"put-key-policy-by-id", judge, "keyId is the id in the ARN that resources has"},
	{"put-key-policy-by-id-no-resources", judge, "ARN built from the event's account and Region"},
	{"put-key-policy-bypass-lockout-check", judge, "BypassLockoutCheck"},
	{"put-key-policy-china-by-id-no-resources", judge, "ARN built in partition aws-cn"},
	{"put-key-policy-console", judge, "a caller of the console"},
	{"put-key-policy-hostile-text", judge, "the actor's text is made printable, the policy text is left alone"},
	{"put-key-policy-other-resources", judge, "an alias and a repetition beside the key"},
	{"put-key-policy-own-call", judge, "own calls are for the handler to recognise, by the live policy"},
	{"put-key-policy-parameters-marked-omitted", judge, "the mark counts as ParametersOmitted"},
	{"put-key-policy-parameters-null", judge, "the key is in resources; ParametersOmitted"},
	{"put-key-policy-parameters-omitted", judge, "the key is in resources; ParametersOmitted"},
	{"put-key-policy-replica", judge, "a replica in its own Region is a key like any other"},
	{"put-key-policy-root-user", judge, "no sessionIssuer"},
	{"replicate-key", judge, "the key is the replica: Region differs from EventRegion"},
	{"replicate-key-default-policy", judge, "PolicyText from the response, though the request had none"},
	{"replicate-key-failed", trail.FailedCall, "no replica was made"},
	{"replicate-key-parameters-omitted", judge, "the replica is in the response"},
	{"replicate-key-response-omitted", judge, "the replica follows from the primary and replicaRegion; PolicyText from the request"},
	{"rotate-key-service-event", trail.NotAPICall, "service event"},
	{"schedule-key-deletion", judge, "people may want to hear of it"},
	{"sweep-key", judge, "a key that a sweep found, under the configuration that may be repaired by"},
	{"sweep-key-first-sweep", judge, "no configuration: partition aws-cn from the Region, mrk- id"},
	{"sweep-other-detail-type", trail.NotAPICall, "a schedule's event: names no key"},
	{"synchronize-multi-region-key", trail.NotAPICall, "service event"},
	{"tag-resource", judge, "a rule may ask for the tag"},
	{"untag-resource", judge, "a rule may ask for the tag"},
	{"create-alias", judge, "the alias in resources is no key"},
	{"update-alias", judge, "the key that has the alias now"},
	{"delete-alias", judge, "the key is in resources and responseElements"},
	{"create-grant-foreign", judge, "the grant is in the event only"},
	{"create-grant-service", judge, "the pattern keeps it away; the decoder need not"},
	{"unknown-operation", trail.UnhandledOperation, "a name that is not in the table is a no-op, whatever it looks like"},
	{"update-primary-region", trail.UnhandledOperation, "changes no policy"},
	{"update-primary-region-new-primary", trail.UnhandledOperation, "changes no policy"},
}

// refused has one row for each bad sample.
var refused = []struct {
	name   string
	want   trail.Code
	reason string
}{
	{"account-disagrees-recipient", trail.CodeDisagreement, "account and recipientAccountId"},
	{"account-missing", trail.CodeMalformed, "whose key it is cannot be checked"},
	{"account-not-digits", trail.CodeMalformed, "would go into an ARN"},
	{"array", trail.CodeMalformed, "one event at a time"},
	{"bypass-not-a-flag", trail.CodeMalformed, "must not read as false"},
	{"create-key-metadata-account-disagrees", trail.CodeDisagreement, "aWSAccountId and arn"},
	{"create-key-metadata-disagrees-resources", trail.CodeDisagreement, "keyMetadata.arn and resources"},
	{"create-key-metadata-key-id-disagrees", trail.CodeDisagreement, "keyId and arn"},
	{"create-key-no-key", trail.CodeNoKey, "a key was made, but which?"},
	{"detail-missing", trail.CodeNotEvent, "no record"},
	{"detail-null", trail.CodeNotEvent, "no record"},
	{"detail-text", trail.CodeMalformed, "a record is an object"},
	{"duplicate-member", trail.CodeMalformed, "which of the two is meant?"},
	{"empty", trail.CodeMalformed, "no JSON"},
	{"encoded-twice", trail.CodeMalformed, "a string is no event"},
	{"event-id-hostile", trail.CodeMalformed, "becomes part of names and log lines"},
	{"event-id-missing", trail.CodeMalformed, "duplicates could not be told"},
	{"event-name-missing", trail.CodeMalformed, "a record of nothing"},
	{"event-source-other-service", trail.CodeSource, "PutKeyPolicy of another service is another operation"},
	{"event-time-missing", trail.CodeMalformed, "every record has one"},
	{"event-version-2", trail.CodeVersion, "members may have changed their meaning"},
	{"event-version-missing", trail.CodeVersion, "no CloudTrail record"},
	{"invalid-utf8", trail.CodeMalformed, "encoding/json would replace bytes silently"},
	{"isolated-partition", trail.CodePartition, "never tried there"},
	{"key-arn-alias", trail.CodeKeyReference, "KMS takes no alias here, and an alias can be moved"},
	{"key-arn-wildcard", trail.CodeKeyReference, "not a key id"},
	{"key-id-alias", trail.CodeKeyReference, "KMS takes no alias here, and an alias can be moved"},
	{"key-id-disagrees-resources", trail.CodeDisagreement, "keyId and resources"},
	{"key-id-with-slash", trail.CodeKeyReference, "would be another resource in an ARN"},
	{"key-of-another-account", trail.CodeDisagreement, "PutKeyPolicy does not work across accounts"},
	{"key-of-another-region", trail.CodeDisagreement, "an event tells of keys of its own Region"},
	{"key-partition-disagrees", trail.CodeDisagreement, "us-west-2 is not in aws-cn"},
	{"no-key", trail.CodeNoKey, "a policy was changed, but whose?"},
	{"not-json", trail.CodeMalformed, "no JSON"},
	{"parameters-not-an-object", trail.CodeMalformed, "not the shape of a record"},
	{"policy-not-text", trail.CodeMalformed, "CloudTrail carries the policy as text"},
	{"region-disagrees", trail.CodeDisagreement, "region and awsRegion"},
	{"region-missing-in-record", trail.CodeDisagreement, "the record does not confirm the Region"},
	{"region-not-a-region", trail.CodeMalformed, "would go into an ARN and an endpoint"},
	{"replica-in-another-partition", trail.CodeDisagreement, "multi-Region keys do not cross partitions"},
	{"replica-in-primary-region", trail.CodeDisagreement, "a replica lies in another Region"},
	{"replica-key-id-disagrees", trail.CodeDisagreement, "primary and replica share their id"},
	{"replica-of-another-account", trail.CodeDisagreement, "ReplicateKey does not work across accounts"},
	{"replica-region-disagrees", trail.CodeDisagreement, "replicaRegion and the replica's ARN"},
	{"replica-unnamed", trail.CodeNoKey, "resources names the primary only; the replica is somewhere"},
	{"resource-account-disagrees", trail.CodeDisagreement, "accountId and ARN"},
	{"resource-not-a-key-arn", trail.CodeKeyReference, "type AWS::KMS::Key with an S3 ARN"},
	{"resources-not-a-list", trail.CodeMalformed, "not the shape of a record"},
	{"source-missing", trail.CodeNotEvent, "no EventBridge event"},
	{"source-not-aws", trail.CodeSource, "anybody could have sent it"},
	{"source-other-service", trail.CodeSource, "not of KMS"},
	{"sweep-account-not-digits", trail.CodeMalformed, "would go into an ARN"},
	{"sweep-configuration-not-a-hash", trail.CodeMalformed, "must not be taken for one"},
	{"sweep-detail-missing", trail.CodeNotEvent, "no key"},
	{"sweep-id-hostile", trail.CodeMalformed, "becomes part of names and log lines"},
	{"sweep-id-missing", trail.CodeMalformed, "duplicates could not be told"},
	{"sweep-id-too-long", trail.CodeMalformed, "becomes part of names and log lines"},
	{"sweep-key-alias", trail.CodeKeyReference, "an alias can be moved"},
	{"sweep-key-id-only", trail.CodeKeyReference, "a sweep knows the ARN"},
	{"sweep-key-not-text", trail.CodeMalformed, "one key a message"},
	{"sweep-key-of-another-account", trail.CodeDisagreement, "account and key ARN"},
	{"sweep-key-of-another-region", trail.CodeDisagreement, "region and key ARN"},
	{"sweep-key-partition-disagrees", trail.CodeDisagreement, "us-west-2 is not in aws-cn"},
	{"sweep-no-key", trail.CodeNoKey, "nothing to judge"},
	{"sweep-time-missing", trail.CodeMalformed, "how old the sweep is cannot be told"},
	{"too-deep", trail.CodeTooDeep, "no record nests like that"},
	{"truncated", trail.CodeMalformed, "ends too early"},
	{"two-events", trail.CodeMalformed, "one event at a time"},
	{"two-keys", trail.CodeDisagreement, "which of the two?"},
	{"wrapped-by-sns", trail.CodeNotEvent, "needs raw message delivery, or unwrapping"},
}

func TestEverySampleIsJudgedOrIgnoredForItsReason(t *testing.T) {
	rows := make(map[string]int)
	for i, row := range decoded {
		rows[row.name] = i
	}
	got := make(map[string]trail.Event)
	for _, sample := range events.Samples() {
		i, listed := rows[sample.Name]
		if !listed {
			t.Errorf("%s is not in the table: say what becomes of it, and why", sample.Name)
			continue
		}
		delete(rows, sample.Name)
		event, err := trail.Decode(sample.JSON)
		if err != nil {
			t.Errorf("%s: %v", sample.Name, err)
			continue
		}
		if event.Ignored != decoded[i].want {
			t.Errorf("%s: ignored %q, want %q: %s", sample.Name, event.Ignored, decoded[i].want, decoded[i].reason)
		}
		got[sample.Name] = event
	}
	for name := range rows {
		t.Errorf("%s is in the table, but there is no such sample", name)
	}
	compareGolden(t, got)
}

func compareGolden(t *testing.T, got map[string]trail.Event) {
	t.Helper()
	const file = "testdata/decoded.json"
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]trail.Event)
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	for name, event := range got {
		if event != want[name] {
			t.Errorf("%s: decoded\n%+v\nwant\n%+v\n(-update rewrites %s)", name, event, want[name], file)
		}
	}
	if len(want) != len(got) {
		t.Errorf("%s has %d events, decoded %d (-update rewrites it)", file, len(want), len(got))
	}
}

func TestEveryBadSampleIsRefusedWithItsCode(t *testing.T) {
	rows := make(map[string]int)
	for i, row := range refused {
		rows[row.name] = i
	}
	for _, sample := range events.Bad() {
		i, listed := rows[sample.Name]
		if !listed {
			t.Errorf("bad/%s is not in the table: say with which code it is refused, and why", sample.Name)
			continue
		}
		delete(rows, sample.Name)
		event, err := trail.Decode(sample.JSON)
		var refusal *trail.Error
		if !errors.As(err, &refusal) || refusal.Code != refused[i].want {
			t.Errorf("bad/%s: %v, want %s: %s", sample.Name, err, refused[i].want, refused[i].reason)
		}
		if beyondTheCall(event) != (trail.Event{}) {
			t.Errorf("bad/%s: refused, but something was decoded: %+v", sample.Name, event)
		}
	}
	for name := range rows {
		t.Errorf("bad/%s is in the table, but there is no such sample", name)
	}
}

// beyondTheCall is an event without what a log line may say of a refused one.
func beyondTheCall(e trail.Event) trail.Event {
	e.ID, e.Name, e.Time, e.Actor = "", "", time.Time{}, trail.Actor{}
	return e
}
