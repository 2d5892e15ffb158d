package events_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/timbray/quamina"

	"github.com/kms-guardrail/kms-guardrail/events"
)

// matches says whether the pattern lets an event through, by the library of one of
// EventBridge's authors. A fresh instance each time: it is not safe to share.
func matches(t *testing.T, pattern, event []byte) bool {
	t.Helper()
	q, err := quamina.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := q.AddPattern("rule", string(pattern)); err != nil {
		t.Fatalf("pattern.json: %v", err)
	}
	found, err := q.MatchesForEvent(event)
	if err != nil {
		t.Fatalf("matching: %v", err)
	}
	return len(found) > 0
}

type row struct {
	name   string
	match  bool
	reason string
}

const yes, no = true, false

// samples has one row for each file that may arrive.
var samples = []row{
	{"create-key-access-denied", no, "errorCode exists; the parameters are null as well"},
	{"create-key-api-default", yes, "a key with the API default policy: still to be judged"},
	{"create-key-aws-managed", yes, "the pattern cannot know who manages a key: keyManager is deep in the response and may be missing"},
	{"create-key-cloudformation", yes, "who called does not matter to the pattern"},
	{"create-key-cloudhsm", yes, "CreateKey, key store AWS CloudHSM"},
	{"create-key-cloudtrail-wizard", yes, "a key made by another service's console belongs to the account"},
	{"create-key-console", yes, "CreateKey from the console"},
	{"create-key-ecc-key-agreement", yes, "CreateKey, any key type"},
	{"create-key-ecc-sign", yes, "CreateKey, any key type"},
	{"create-key-ed25519", yes, "CreateKey, any key type"},
	{"create-key-failed", no, "errorCode exists: no key was made"},
	{"create-key-eusc", yes, "same pattern in the European Sovereign Cloud"},
	{"create-key-govcloud", yes, "same pattern in every partition"},
	{"create-key-hmac", yes, "CreateKey, any key type"},
	{"create-key-imported", yes, "the policy is there before the key material"},
	{"create-key-ml-dsa", yes, "CreateKey, any key type"},
	{"create-key-ml-kem", yes, "CreateKey, any key type"},
	{"create-key-multi-region-primary", yes, "CreateKey, multi-Region primary"},
	{"create-key-network-activity", yes, "same envelope and name; the decoder drops it by eventType"},
	{"create-key-parameters-omitted", yes, "the pattern asks nothing of requestParameters, which CloudTrail may leave out"},
	{"create-key-replica-dry-run", no, "errorCode exists, if KMS logs the dry run with one"},
	{"create-key-replica-region", yes, "the replica's own Region learns of the replica by this"},
	{"create-key-response-omitted", yes, "the pattern asks nothing of responseElements"},
	{"create-key-root-user", yes, "no sessionContext: an anything-but on the caller would have lost it"},
	{"create-key-rsa-encrypt", yes, "CreateKey, any key type"},
	{"create-key-rsa-sign", yes, "CreateKey, any key type"},
	{"create-key-sm2", yes, "same pattern in every partition"},
	{"create-key-with-policy", yes, "CreateKey with a policy"},
	{"create-key-xks", yes, "CreateKey, external key store"},
	{"get-key-policy", no, "reads change nothing"},
	{"kms-cmk-rotation", no, "another detail-type; tells of no policy"},
	{"put-key-policy-access-denied", no, "errorCode exists: the policy is as before"},
	{"put-key-policy-by-arn", yes, "PutKeyPolicy"},
	{"put-key-policy-by-id", yes, "PutKeyPolicy"},
	{"put-key-policy-by-id-no-resources", yes, "the pattern asks nothing of resources"},
	{"put-key-policy-bypass-lockout-check", yes, "the most wanted event of all"},
	{"put-key-policy-china-by-id-no-resources", yes, "same pattern in every partition"},
	{"put-key-policy-console", yes, "PutKeyPolicy from the console"},
	{"put-key-policy-hostile-text", yes, "the caller's words do not matter to the pattern"},
	{"put-key-policy-other-resources", yes, "PutKeyPolicy"},
	{"put-key-policy-own-call", yes, "own calls are not excluded here: the handler ends the loop by writing nothing when nothing differs"},
	{"put-key-policy-parameters-marked-omitted", yes, "the live policy is judged, not the event's"},
	{"put-key-policy-parameters-null", yes, "the live policy is judged, not the event's"},
	{"put-key-policy-parameters-omitted", yes, "the live policy is judged, not the event's"},
	{"put-key-policy-replica", yes, "a replica has its own policy"},
	{"put-key-policy-root-user", yes, "no sessionIssuer: an anything-but on it would have lost it"},
	{"replicate-key", yes, "a new replica has a policy of its own"},
	{"replicate-key-default-policy", yes, "a new replica has a policy of its own"},
	{"replicate-key-failed", no, "errorCode exists: no replica was made"},
	{"replicate-key-parameters-omitted", yes, "the pattern asks nothing of requestParameters"},
	{"replicate-key-response-omitted", yes, "the pattern asks nothing of responseElements"},
	{"rotate-key-service-event", no, "another detail-type; tells of no policy"},
	{"schedule-key-deletion", no, "changes no policy"},
	{"sweep-key", no, "a sweep's messages reach the queue without the rule: from a bus, anybody could send them"},
	{"sweep-key-first-sweep", no, "a sweep's messages reach the queue without the rule: from a bus, anybody could send them"},
	{"sweep-other-detail-type", no, "a sweep's messages reach the queue without the rule: from a bus, anybody could send them"},
	{"synchronize-multi-region-key", no, "another detail-type; policies are not synchronised"},
	{"tag-resource", no, "changes no policy; the pattern for labels has it"},
	{"untag-resource", no, "changes no policy; the pattern for labels has it"},
	{"create-alias", no, "changes no policy; the pattern for labels has it"},
	{"update-alias", no, "changes no policy; the pattern for labels has it"},
	{"delete-alias", no, "changes no policy; the pattern for labels has it"},
	{"create-grant-foreign", no, "changes no policy; the pattern for grants has it"},
	{"create-grant-service", no, "changes no policy"},
	{"unknown-operation", no, "names are listed, not guessed"},
	{"update-primary-region", no, "swaps primary and replica, changes no policy"},
	{"update-primary-region-new-primary", no, "swaps primary and replica, changes no policy"},
}

// bad has one row for each file in bad/ that EventBridge could carry. A match is no
// fault there: the pattern cannot compare members, the decoder must.
var bad = []row{
	{"account-disagrees-recipient", yes, "the pattern cannot compare two members"},
	{"account-missing", yes, "EventBridge always sets account; the decoder checks"},
	{"account-not-digits", yes, "EventBridge always sets account; the decoder checks"},
	{"bypass-not-a-flag", yes, "the pattern asks nothing of requestParameters"},
	{"create-key-metadata-account-disagrees", yes, "the pattern cannot compare two members"},
	{"create-key-metadata-disagrees-resources", yes, "the pattern cannot compare two members"},
	{"create-key-metadata-key-id-disagrees", yes, "the pattern cannot compare two members"},
	{"create-key-no-key", yes, "the pattern asks nothing of responseElements or resources"},
	{"detail-missing", no, "no detail, no eventName"},
	{"detail-null", no, "no detail, no eventName"},
	{"detail-text", no, "no detail, no eventName"},
	{"duplicate-member", yes, "the pattern looks at other members"},
	{"event-id-hostile", yes, "the pattern asks nothing of eventID"},
	{"event-id-missing", yes, "the pattern asks nothing of eventID"},
	{"event-name-missing", no, "no eventName"},
	{"event-source-other-service", no, "eventSource is not kms.amazonaws.com"},
	{"event-time-missing", yes, "the pattern asks nothing of eventTime"},
	{"event-version-2", yes, "loud on purpose: matched and refused, rather than silently lost"},
	{"event-version-missing", yes, "the pattern asks nothing of eventVersion"},
	{"isolated-partition", yes, "the pattern asks nothing of the Region"},
	{"key-arn-alias", yes, "the pattern asks nothing of requestParameters"},
	{"key-arn-wildcard", yes, "the pattern asks nothing of requestParameters"},
	{"key-id-alias", yes, "the pattern asks nothing of requestParameters"},
	{"key-id-disagrees-resources", yes, "the pattern cannot compare two members"},
	{"key-id-with-slash", yes, "the pattern asks nothing of requestParameters"},
	{"key-of-another-account", yes, "the pattern cannot compare two members"},
	{"key-of-another-region", yes, "the pattern cannot compare two members"},
	{"key-partition-disagrees", yes, "the pattern cannot compare two members"},
	{"no-key", yes, "the pattern asks nothing of requestParameters or resources"},
	{"parameters-not-an-object", yes, "the pattern asks nothing of requestParameters"},
	{"policy-not-text", yes, "the pattern asks nothing of requestParameters"},
	{"region-disagrees", yes, "the pattern cannot compare two members"},
	{"region-missing-in-record", yes, "the pattern asks nothing of awsRegion"},
	{"region-not-a-region", yes, "EventBridge always sets region; the decoder checks"},
	{"replica-in-another-partition", yes, "the pattern asks nothing of requestParameters"},
	{"replica-in-primary-region", yes, "the pattern cannot compare two members"},
	{"replica-key-id-disagrees", yes, "the pattern cannot compare two members"},
	{"replica-of-another-account", yes, "the pattern cannot compare two members"},
	{"replica-region-disagrees", yes, "the pattern cannot compare two members"},
	{"replica-unnamed", yes, "the pattern asks nothing of requestParameters or responseElements"},
	{"resource-account-disagrees", yes, "the pattern cannot compare two members"},
	{"resource-not-a-key-arn", yes, "the pattern asks nothing of resources"},
	{"resources-not-a-list", yes, "the pattern asks nothing of resources"},
	{"source-missing", no, "no source"},
	{"source-not-aws", no, "what anybody may put on a bus: source does not begin with aws."},
	{"source-other-service", no, "source is not aws.kms"},
	{"sweep-account-not-digits", no, "source is not aws.kms"},
	{"sweep-configuration-not-a-hash", no, "source is not aws.kms"},
	{"sweep-detail-missing", no, "source is not aws.kms"},
	{"sweep-id-hostile", no, "source is not aws.kms"},
	{"sweep-id-missing", no, "source is not aws.kms"},
	{"sweep-id-too-long", no, "source is not aws.kms"},
	{"sweep-key-alias", no, "source is not aws.kms"},
	{"sweep-key-id-only", no, "source is not aws.kms"},
	{"sweep-key-not-text", no, "source is not aws.kms"},
	{"sweep-key-of-another-account", no, "source is not aws.kms"},
	{"sweep-key-of-another-region", no, "source is not aws.kms"},
	{"sweep-key-partition-disagrees", no, "source is not aws.kms"},
	{"sweep-no-key", no, "source is not aws.kms"},
	{"sweep-time-missing", no, "source is not aws.kms"},
	{"too-deep", yes, "the pattern looks at other members"},
	{"two-keys", yes, "the pattern asks nothing of resources"},
	{"wrapped-by-sns", no, "source and detail are inside a text"},
}

// undeliverable are the files of bad/ that are not one JSON object in UTF-8. EventBridge
// carries nothing else; only somebody who writes to the queue can send them.
var undeliverable = []row{
	{"array", no, "a list of events"},
	{"empty", no, "nothing"},
	{"encoded-twice", no, "a JSON string"},
	{"invalid-utf8", no, "bytes that are no UTF-8"},
	{"not-json", no, "prose"},
	{"truncated", no, "ends too early"},
	{"two-events", no, "two objects"},
}

func TestPatternMatchesExactlyTheseSamples(t *testing.T) {
	check := func(t *testing.T, rows []row, files []events.Sample) {
		want := byName(t, rows)
		for _, sample := range files {
			expected, listed := want[sample.Name]
			if !listed {
				t.Errorf("%s.json is in no table of this test: say whether it matches, and why", sample.Name)
				continue
			}
			if got := matches(t, events.Pattern(), sample.JSON); got != expected.match {
				t.Errorf("%s: match = %v, want %v: %s", sample.Name, got, expected.match, expected.reason)
			}
			delete(want, sample.Name)
		}
		for name := range want {
			t.Errorf("%s is in the table, but there is no such file", name)
		}
	}
	t.Run("samples", func(t *testing.T) { check(t, samples, events.Samples()) })
	t.Run("bad", func(t *testing.T) {
		broken := byName(t, undeliverable)
		var files []events.Sample
		for _, sample := range events.Bad() {
			if _, ok := broken[sample.Name]; !ok {
				files = append(files, sample)
			}
		}
		check(t, bad, files)
	})
}

func TestUndeliverableSamplesAreNoEvents(t *testing.T) {
	want := byName(t, undeliverable)
	for _, sample := range events.Bad() {
		if expected, ok := want[sample.Name]; ok {
			var object map[string]any
			if utf8.Valid(sample.JSON) && json.Unmarshal(sample.JSON, &object) == nil {
				t.Errorf("%s is a JSON object, so EventBridge could carry it; the table says: %s", sample.Name, expected.reason)
			}
			delete(want, sample.Name)
		}
	}
	for name := range want {
		t.Errorf("%s is in the table, but there is no such file", name)
	}
}

func byName(t *testing.T, rows []row) map[string]row {
	t.Helper()
	named := make(map[string]row)
	for _, r := range rows {
		if _, twice := named[r.name]; twice || r.reason == "" {
			t.Errorf("%s: a row each, with a reason", r.name)
		}
		named[r.name] = r
	}
	return named
}

// Each line of the pattern is there for a case that no other line rejects.
func TestEveryLineOfThePatternRejectsSomething(t *testing.T) {
	good, err := events.Read("put-key-policy-by-id")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ line, old, new, reason string }{
		{"source", `"aws.kms"`, `"com.example.audit"`, "anybody may send events of a source that does not begin with aws."},
		{"detail-type", `"AWS API Call via CloudTrail"`, `"AWS Service Event via CloudTrail"`, "not a call that somebody made"},
		{"detail.eventSource", `"kms.amazonaws.com"`, `"payment-cryptography.amazonaws.com"`, "another service may have an operation of the same name"},
		{"detail.eventName", `"PutKeyPolicy"`, `"TagResource"`, "changes no policy"},
		{"detail.errorCode", `"requestID"`, `"errorCode": "AccessDenied", "requestID"`, "a failed call"},
	}
	if !matches(t, events.Pattern(), good) {
		t.Fatal("the unchanged event does not match")
	}
	for _, r := range rows {
		changed := strings.Replace(string(good), r.old, r.new, 1)
		if changed == string(good) {
			t.Fatalf("%s: the sample has no %s", r.line, r.old)
		}
		if matches(t, events.Pattern(), []byte(changed)) {
			t.Errorf("%s: matches with %s: %s", r.line, r.new, r.reason)
		}
	}
}

// An anything-but on the caller looks like a way to leave out the guardrail's own
// calls. This shows what it would cost, on the pattern that was not chosen.
func TestExcludingOwnCallsInThePatternWouldLoseTheRootUser(t *testing.T) {
	const own = "arn:aws:iam::111122223333:role/kms-guardrail-enforce"
	tempting := strings.Replace(string(events.Pattern()), `"detail": {`,
		`"detail": {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [{"anything-but": ["`+own+`"]}]}}},`, 1)
	root, err := events.Read("put-key-policy-root-user")
	if err != nil {
		t.Fatal(err)
	}
	if matches(t, []byte(tempting), root) {
		t.Error("the root user's event matches after all: the reason against anything-but is gone")
	}
	if !matches(t, events.Pattern(), root) {
		t.Error("pattern.json loses the root user's event")
	}
}

// TestLabelsAndGrantsHavePatternsOfTheirOwn: each of the two matches these samples, and no other.
func TestLabelsAndGrantsHavePatternsOfTheirOwn(t *testing.T) {
	for _, row := range []struct {
		pattern []byte
		samples []string
		reason  string
	}{
		{events.LabelPattern(), []string{"create-alias", "delete-alias", "tag-resource", "untag-resource", "update-alias"}, "they change aliases and tags"},
		{events.NoticePattern([]string{"ScheduleKeyDeletion"}), []string{"schedule-key-deletion"}, "the call is asked for by name"},
		{events.GrantPattern(), []string{"create-grant-foreign"}, "a grant that a service makes for itself has invokedBy"},
	} {
		var found []string
		for _, sample := range events.Samples() {
			if matches(t, row.pattern, sample.JSON) {
				found = append(found, sample.Name)
			}
		}
		if !slices.Equal(found, row.samples) {
			t.Errorf("matched %q, want %q: %s", found, row.samples, row.reason)
		}
	}
}
