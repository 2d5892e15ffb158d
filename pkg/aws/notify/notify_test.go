package notify_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

const (
	topicARN = "arn:aws:sns:eu-west-1:111122223333:findings"
	keyARN   = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// outcomeOf is the public JSON, decoded.
func outcomeOf(t *testing.T, p guardtest.Published) guardrail.Outcome {
	t.Helper()
	var o guardrail.Outcome
	if err := json.Unmarshal([]byte(p.Texts["default"]), &o); err != nil {
		t.Fatalf("%v: %s", err, p.Texts["default"])
	}
	return o
}

// start returns a topic of an SNS that first gives these answers.
func start(t *testing.T, faults ...guardtest.TopicFault) (*guardtest.Topic, *notify.Topic) {
	t.Helper()
	s, endpoint := guardtest.StartTopic(t, faults...)
	topic, err := notify.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}, topicARN)
	if err != nil {
		t.Fatal(err)
	}
	return s, topic
}

func fault(status int, code string) guardtest.TopicFault {
	return guardtest.TopicFault{Status: status, Code: code}
}

// report reports one outcome and returns what SNS was told.
func report(t *testing.T, o guardrail.Outcome) guardtest.Published {
	t.Helper()
	s, topic := start(t)
	if err := topic.Report(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if len(s.Published()) != 1 {
		t.Fatalf("%d messages", len(s.Published()))
	}
	return s.Published()[0]
}

// repaired is the outcome of a repair, changed as the test likes.
func repaired(change func(*guardrail.Outcome)) guardrail.Outcome {
	statement := 1 // the second one, as the edit says
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
