package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	topicARN = "arn:aws:sns:eu-west-1:111122223333:findings"
	keyARN   = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// published is what one Publish call said.
type published struct {
	topic, subject string
	// texts are those of the kinds of subscribers.
	texts      map[string]string
	attributes map[string]string
	// bytes is what SNS counts: message, subject and attributes.
	bytes int
}

// outcome is the public JSON, decoded.
func (p published) outcome(t *testing.T) guardrail.Outcome {
	t.Helper()
	var o guardrail.Outcome
	if err := json.Unmarshal([]byte(p.texts["default"]), &o); err != nil {
		t.Fatalf("%v: %s", err, p.texts["default"])
	}
	return o
}

// service is SNS in process: the query protocol, and Publish with the checks that SNS makes
// of subject and size. Its first answers may be faults.
type service struct {
	mu        sync.Mutex
	faults    []fault
	calls     int
	published []published
	regions   []string
}

// fault is an answer of SNS that is none. A status of 0 closes the connection.
type fault struct {
	status int
	code   string
}

// ServeHTTP implements [http.Handler].
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := io.ReadAll(r.Body)
	form, formErr := url.ParseQuery(string(text))
	if err != nil || formErr != nil || form.Get("Action") != "Publish" {
		refuse(w, fault{http.StatusBadRequest, "InvalidAction"})
		return
	}
	s.calls++
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 {
		s.regions = append(s.regions, scope[2])
	}
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		refuse(w, f)
		return
	}
	p, ok := read(form)
	if !ok {
		refuse(w, fault{http.StatusBadRequest, "InvalidParameter"})
		return
	}
	s.published = append(s.published, p)
	_, _ = io.WriteString(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`)
}

func refuse(w http.ResponseWriter, f fault) {
	if f.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(f.status)
	_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>injected</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`, f.code)
}

// read checks a call as SNS does.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func read(form url.Values) (published, bool) {
	p := published{topic: form.Get("TopicArn"), subject: form.Get("Subject"), attributes: map[string]string{}}
	message := form.Get("Message")
	p.bytes = len(message) + len(p.subject)
	for i := 1; ; i++ {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name := form.Get(entry + "Name")
		if name == "" {
			break
		}
		value := form.Get(entry + "Value.StringValue")
		p.attributes[name] = value
		p.bytes += len(name) + len(value) + len("String")
		if value == "" || form.Get(entry+"Value.DataType") != "String" {
			return p, false
		}
	}
	err := json.Unmarshal([]byte(message), &p.texts)
	ok := err == nil && form.Get("MessageStructure") == "json" && p.texts["default"] != "" &&
		len(p.subject) > 0 && len(p.subject) < 100 && p.bytes <= 256<<10
	for _, r := range p.subject {
		ok = ok && r >= ' ' && r <= '~'
	}
	return p, ok
}

// start returns a topic of an SNS that first gives these answers.
func start(t *testing.T, faults ...fault) (*service, *notify.Topic) {
	t.Helper()
	s := &service{faults: faults}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	topic, err := notify.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}, topicARN)
	if err != nil {
		t.Fatal(err)
	}
	return s, topic
}

// report reports one outcome and returns what SNS was told.
func report(t *testing.T, o guardrail.Outcome) published {
	t.Helper()
	s, topic := start(t)
	if err := topic.Report(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if len(s.published) != 1 {
		t.Fatalf("%d messages", len(s.published))
	}
	return s.published[0]
}

// repaired is the outcome of a repair, changed as the test likes.
func repaired(change func(*guardrail.Outcome)) guardrail.Outcome {
	statement := 2
	o := guardrail.Outcome{
		Schema: "1", Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), GuardrailVersion: "v1.2.3", ConfigurationHash: "c0ffee",
		Mode: rules.Repair, Trigger: guardrail.ByEvent, KeyARN: keyARN, Account: "111122223333", Region: "us-east-1",
		KeyType: "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT", Aliases: []string{"alias/payments"}, Rule: "payments", Baseline: "standard",
		Verdict: guardrail.NonCompliant, Severity: rules.Critical, Evidence: guardrail.LivePolicy,
		Findings: []guardrail.Finding{
			guardrail.NewFinding(rules.Key{ARN: keyARN}, guardrail.CodeAccountAccess, rules.Medium, "role Worker may kms:Encrypt"),
			guardrail.NewFinding(rules.Key{ARN: keyARN}, guardrail.CodePublicAccess, rules.Critical, "every principal may kms:Decrypt"),
		},
		Action: guardrail.Repaired, ActionReason: "public-access",
		Actor: &guardrail.Actor{
			ARN: "arn:aws:sts::111122223333:assumed-role/Dev/ana", Type: "AssumedRole", SourceIP: "203.0.113.9", UserAgent: "aws-cli/2",
			EventID: "e-1", EventTime: time.Date(2026, 11, 23, 11, 59, 0, 0, time.UTC),
		},
		Before: "aa", After: "bb",
		Plan:    &guardrail.PlannedPolicy{Policy: "THE POLICY", Edits: []string{`statement 2 "partners": drop-statement: it is outside the ceiling`}, Hash: "bb"},
		Archive: "repairs/r-1", Restore: "kmsguard restore repairs/r-1",
	}
	o.Findings[1].Statement = &statement
	if change != nil {
		change(&o)
	}
	return o
}
