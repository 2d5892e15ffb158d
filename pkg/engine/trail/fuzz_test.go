package trail_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// The grammar once more, in another notation than the code's.
var keyARNGrammar = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc):kms:([a-z0-9-]{1,32}):([0-9]{12}):key/[A-Za-z0-9-]{1,128}$`)

var codes = []trail.Code{
	trail.CodeMalformed, trail.CodeTooLarge, trail.CodeTooDeep, trail.CodeNotEvent, trail.CodeSource,
	trail.CodeVersion, trail.CodeNoKey, trail.CodeKeyReference, trail.CodeDisagreement, trail.CodePartition,
}

// FuzzDecode: whatever comes in, Decode ends in one of its three outcomes, the same one
// each time, and an event that names a key agrees with itself.
func FuzzDecode(f *testing.F) {
	for _, sample := range append(events.Samples(), events.Bad()...) {
		f.Add(sample.JSON)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, err := trail.Decode(raw)
		again, errAgain := trail.Decode(raw)
		if event != again || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Fatal("two answers to one event")
		}
		if err != nil {
			checkMessage(t, err)
			if beyondTheCall(event) != (trail.Event{}) {
				t.Fatalf("refused, but something was decoded: %+v", event)
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatal("decoded what is no JSON")
		}
		checkBounds(t, event)
		checkAgreement(t, event)
	})
}

// checkMessage: a refusal has a known code and one short printable line.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	var refusal *trail.Error
	if !errors.As(err, &refusal) || !slices.Contains(codes, refusal.Code) {
		t.Fatalf("not a refusal with a known code: %v", err)
	}
	message := err.Error()
	if len(message) > 1024 {
		t.Errorf("message of %d bytes", len(message))
	}
	checkPrintable(t, message)
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if !unicode.IsPrint(r) && r != utf8.RuneError {
			t.Errorf("%q has %U, which does not print", text, r)
			return
		}
	}
}

func checkBounds(t *testing.T, event trail.Event) {
	t.Helper()
	actor := event.Actor
	for _, text := range []string{
		event.ID, event.Name, event.EventRegion, event.Account, event.Region, event.Partition, event.KeyARN,
		string(event.Ignored), actor.ARN, actor.Type, actor.SourceIP, actor.UserAgent, actor.InvokedBy, actor.EventID,
	} {
		if len(text) > trail.MaxTextBytes || !utf8.ValidString(text) {
			t.Errorf("%d bytes, valid UTF-8: %v", len(text), utf8.ValidString(text))
		}
		checkPrintable(t, text)
	}
	if len(event.PolicyText) > trail.MaxPolicyBytes {
		t.Errorf("policy text of %d bytes", len(event.PolicyText))
	}
}

func checkAgreement(t *testing.T, event trail.Event) {
	t.Helper()
	if event.KeyARN == "" {
		if event.Ignored == "" {
			t.Fatalf("to be judged, but no key: %+v", event)
		}
		if event.Account+event.Region+event.Partition+event.PolicyText != "" {
			t.Errorf("no key, but parts of one: %+v", event)
		}
		return
	}
	parts := keyARNGrammar.FindStringSubmatch(event.KeyARN)
	if parts == nil {
		t.Fatalf("not a key ARN: %q", event.KeyARN)
	}
	if event.Partition != parts[1] || event.Region != parts[2] || event.Account != parts[3] {
		t.Errorf("parts disagree with %s: %+v", event.KeyARN, event)
	}
	if event.ID == "" || event.Name == "" || event.Time.IsZero() || event.EventRegion == "" {
		t.Errorf("a key, but not which call: %+v", event)
	}
	if (event.Region != event.EventRegion) != (event.Name == "ReplicateKey") {
		t.Errorf("%s recorded in %s about a key in %s", event.Name, event.EventRegion, event.Region)
	}
	if event.Actor.EventID != event.ID || !event.Actor.EventTime.Equal(event.Time) {
		t.Errorf("actor of another event: %+v", event)
	}
}
