package enforcer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// line is a log line.
type line struct {
	Level, Msg, Key, Verdict, Severity, Action, Reason, Error string
	DurationMs                                                *float64 `json:"durationMs"`
	Outcome                                                   *guardrail.Outcome
}

// onlyLine reads the log, which must have exactly one line.
func onlyLine(t *testing.T, log *bytes.Buffer) line {
	t.Helper()
	text := strings.TrimSuffix(log.String(), "\n")
	if text == "" || strings.Contains(text, "\n") {
		t.Fatalf("want one line, got:\n%s", log)
	}
	var l line
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return l
}

func TestEveryEventLeavesOneLineWithKeyVerdictActionAndDuration(t *testing.T) {
	for _, row := range []struct {
		name, policy string
		event        func(arn string, event []byte) []byte
		want         line
		noKey        bool
	}{
		{"compliant", good, asItIs, line{Level: "INFO", Verdict: "compliant", Severity: "none", Action: "none"}, false},
		{"repaired", public, asItIs, line{Level: "WARN", Verdict: "non-compliant", Severity: "critical", Action: "repaired", Reason: "public-access"}, false},
		{"locked out", lockedOut, asItIs, line{Level: "WARN", Verdict: "cannot-judge", Severity: "high", Action: "reported", Reason: "locked-out"}, false},
		{"undecided", unsure, asItIs, line{Level: "WARN", Verdict: "cannot-judge", Severity: "high", Action: "reported", Reason: "undecided"}, false},
		{
			"skipped", good, func(_ string, event []byte) []byte {
				return bytes.Replace(event, []byte(`"requestID"`), []byte(`"errorCode":"AccessDenied","requestID"`), 1)
			},
			line{Level: "INFO", Verdict: "none", Severity: "none", Action: "skipped", Reason: "failed-call"}, true,
		},
		{
			"bad event", good, func(string, []byte) []byte { return []byte("{") },
			line{Level: "WARN", Verdict: "cannot-judge", Severity: "high", Action: "reported", Reason: "malformed-event"}, true,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, repair)
			arn, event := w.drift(t, row.policy)
			o := w.handle(t, row.event(arn, event))
			got := onlyLine(t, w.log)
			if got.DurationMs == nil || *got.DurationMs < 0 {
				t.Errorf("durationMs is %v", got.DurationMs)
			}
			if got.Outcome != nil && slices.ContainsFunc(got.Outcome.Findings, func(f guardrail.Finding) bool { return f.Witness != nil || f.Lint != nil }) {
				t.Error("a witness or what lint says is logged, and it may quote the policy")
			}
			if row.name == "repaired" && o.Findings[0].Witness == nil {
				t.Error("the outcome itself has lost its witness")
			}
			if got.Outcome == nil || got.Outcome.Time != o.Time || got.Outcome.Verdict != o.Verdict {
				t.Errorf("outcome %+v", got.Outcome)
			}
			got.DurationMs, got.Outcome = nil, nil
			row.want.Msg = "outcome"
			if !row.noKey {
				row.want.Key = arn
			}
			if got != row.want {
				t.Errorf("line %+v, want %+v", got, row.want)
			}
		})
	}
}

func asItIs(_ string, event []byte) []byte { return event }

func TestAnEventThatIsGivenBackLeavesOneLineWithKeyAndError(t *testing.T) {
	w := newWorld(t, repair)
	arn, event := w.drift(t, public)
	w.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: "DescribeKey"})
	if _, err := w.enforcer.Handle(t.Context(), first(event)); err == nil {
		t.Fatal("not given back")
	}
	got := onlyLine(t, w.log)
	if got.Msg != "given back" || got.Level != "WARN" || got.Key != arn || got.Verdict != "none" || got.Action != "given-back" || !strings.Contains(got.Error, "too new to be found") || got.DurationMs == nil {
		t.Errorf("line %+v", got)
	}
}

// A policy may hold secrets, or text that is meant for whoever reads the log.
func TestTheLogQuotesNoPolicy(t *testing.T) {
	const marker = "Marker7f3a"
	decorated := func(principal string) string {
		return document(
			`{"Sid":"`+marker+`Sid","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["kms:*","kms:`+marker+`Action"],"Resource":"*"}`,
			`{"Sid":"`+marker+` second","Effect":"Allow","Principal":`+principal+`,"Action":["kms:Decrypt","`+marker+`:Action"],"Resource":"*"}`,
			`{"Sid":"`+marker+` third","Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"${`+marker+`}",`+
				`"Condition":{"StringEquals":{"kms:EncryptionContext:`+marker+`":"`+marker+`Value"}}}`)
	}
	for name, prepare := range map[string]func(t *testing.T, w *world) []byte{
		"judged live": func(t *testing.T, w *world) []byte {
			_, event := w.drift(t, decorated(`"*"`))
			return event
		},
		"undecided": func(t *testing.T, w *world) []byte {
			_, event := w.drift(t, decorated(`{"AWS":"`+account+`"}`))
			return event
		},
		"more access under a condition": func(t *testing.T, w *world) []byte {
			_, event := w.drift(t, document(toAccount, strings.TrimSuffix(allow(`"*"`, "kms:Decrypt"), "}")+
				`,"Condition":{"StringEquals":{"kms:EncryptionContext:`+marker+`":"`+marker+`"}}}`))
			return event
		},
		"locked out": func(t *testing.T, w *world) []byte {
			arn, _ := w.drift(t, lockedOut)
			return putEvent(arn, decorated(`"*"`), w.clock.now())
		},
		"locked out, and the event's policy cannot be read": func(t *testing.T, w *world) []byte {
			arn, _ := w.drift(t, lockedOut)
			return putEvent(arn, `{"`+marker+`":1}`, w.clock.now())
		},
		"given back": func(t *testing.T, w *world) []byte {
			arn, event := w.drift(t, decorated(`"*"`))
			w.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, KeyARN: arn})
			return event
		},
		"the write is refused": func(t *testing.T, w *world) []byte {
			_, event := w.drift(t, decorated(`"*"`))
			w.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "PutKeyPolicy"})
			return event
		},
		"not in the account": func(t *testing.T, w *world) []byte {
			arn, _ := w.drift(t, good)
			return putEvent(strings.Replace(arn, account, "444455556666", 1), decorated(`"*"`), w.clock.now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, repair)
			event := prepare(t, w)
			if name != "given back" && !bytes.Contains(event, []byte(marker)) {
				t.Fatal("the event has no marker, nothing is tested")
			}
			_, err := w.enforcer.Handle(t.Context(), first(event))
			if (err != nil) != (name == "given back") {
				t.Fatal(err)
			}
			if onlyLine(t, w.log); strings.Contains(w.log.String(), marker) {
				t.Errorf("the log quotes the policy:\n%s", w.log)
			}
		})
	}
}

// The other text of an event is its caller's too: it may not break lines.
func TestHostileTextStaysInsideItsLine(t *testing.T) {
	w := newWorld(t, repair)
	arn := w.create(t, &kms.CreateKeyInput{})
	event := strings.Replace(string(putEvent(arn, apiDefault(t), w.clock.now())), "made-up/1.0", `a\nb\u001b[31m\u2028{\"level\":\"ERROR\"}`, 1)
	w.handle(t, []byte(event))
	got := onlyLine(t, w.log)
	if agent := got.Outcome.Actor.UserAgent; agent != fmt.Sprintf("a%cb%c[31m%c{\"level\":\"ERROR\"}", 0xFFFD, 0xFFFD, 0xFFFD) {
		t.Errorf("user agent %q", agent)
	}
}
