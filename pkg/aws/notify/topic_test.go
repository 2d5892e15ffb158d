package notify_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

var _ enforcer.Reporter = (*notify.Topic)(nil)

func TestAnOutcomeIsOneMessageWithAttributesToFilterBy(t *testing.T) {
	s, topic := start(t)
	if err := topic.Report(t.Context(), repaired(nil)); err != nil {
		t.Fatal(err)
	}
	if s.Calls() != 1 || len(s.Published()) != 1 || s.Published()[0].Topic != topicARN {
		t.Fatalf("%d calls, %+v", s.Calls(), s.Published())
	}
	want := map[string]string{
		"severity": "critical", "verdict": "non-compliant", "action": "repaired", "account": "111122223333", "region": "us-east-1",
	}
	if diff := cmp.Diff(want, s.Published()[0].Attributes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The Region of a topic is not always that of the function.
func TestATopicIsCalledInItsRegion(t *testing.T) {
	s, topic := start(t)
	if err := topic.Report(t.Context(), repaired(nil)); err != nil || !cmp.Equal(s.Regions(), []string{"eu-west-1"}) {
		t.Errorf("%v, signed for %q", err, s.Regions())
	}
}

// SNS takes no attribute without a value, and of a bad event there is no account.
func TestAnOutcomeWithoutAKeyIsReported(t *testing.T) {
	p := report(t, guardrail.Outcome{Verdict: guardrail.CannotJudge, Severity: rules.High, Action: guardrail.Reported})
	if _, there := p.Attributes["account"]; there || p.Subject != "CAN'T READ an event of KMS" {
		t.Errorf("%+v", p)
	}
}

func TestErrorsOfTheMessageAreErrReporterAndOthersAreTriedAgain(t *testing.T) {
	again := func(f guardtest.TopicFault) []guardtest.TopicFault { return []guardtest.TopicFault{f, f, f} }
	for _, row := range []struct {
		faults    []guardtest.TopicFault
		calls     int
		permanent bool
		says      string // "" is no error
		reason    string
	}{
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "Throttling")}, 2, false, "", "the next try is taken"},
		{[]guardtest.TopicFault{fault(http.StatusInternalServerError, "InternalError"), fault(0, "")}, 3, false, "", "so it is after an error of SNS, and without an answer"},
		{again(fault(http.StatusBadRequest, "Throttling")), 3, false, "Throttling", "it goes away, later"},
		{again(fault(http.StatusServiceUnavailable, "ServiceUnavailable")), 3, false, "ServiceUnavailable", "so does that"},
		{again(fault(0, "")), 3, false, "publishing", "and that"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "KMSThrottling")}, 1, false, "KMSThrottling", "the topic's key is busy, not broken"},
		{[]guardtest.TopicFault{fault(http.StatusForbidden, "ExpiredToken")}, 1, false, "ExpiredToken", "credentials are renewed"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "SomethingNew")}, 1, false, "SomethingNew", "what is not known is not for good"},
		{[]guardtest.TopicFault{fault(http.StatusForbidden, "AuthorizationError")}, 1, false, "AuthorizationError: injected", "somebody may give the permission"},
		{[]guardtest.TopicFault{fault(http.StatusNotFound, "NotFound")}, 1, false, "NotFound", "the topic may be made again"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "InvalidParameter")}, 1, true, "InvalidParameter", "the message stays as it is"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "InvalidParameterValue")}, 1, true, "InvalidParameterValue", "so it does here"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "KMSAccessDenied")}, 1, false, "KMSAccessDenied", "somebody may let SNS use the topic's key"},
		{[]guardtest.TopicFault{fault(http.StatusBadRequest, "KMSDisabled")}, 1, false, "KMSDisabled", "somebody may switch the topic's key on again"},
	} {
		s, topic := start(t, row.faults...)
		err := topic.Report(t.Context(), repaired(nil))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if (err != nil) != (row.says != "") || !strings.Contains(text, row.says) || errors.Is(err, enforcer.ErrReporter) != row.permanent || s.Calls() != row.calls {
			t.Errorf("%+v: %v after %d calls; want %q, permanent %v, after %d: %s", row.faults, err, s.Calls(), row.says, row.permanent, row.calls, row.reason)
		}
	}
}

func TestTheEndOfTheInvocationIsTransient(t *testing.T) {
	_, topic := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := topic.Report(ctx, repaired(nil)); !errors.Is(err, context.Canceled) || errors.Is(err, enforcer.ErrReporter) {
		t.Errorf("%v", err)
	}
}

func TestOnlyAStandardTopicIsATopic(t *testing.T) {
	for arn, region := range map[string]string{
		topicARN: "eu-west-1",
		"arn:aws-us-gov:sns:us-gov-west-1:111122223333:KmsGuardrail-Topic_1": "us-gov-west-1",
		"":         "",
		"findings": "",
		"arn:aws:sns:eu-west-1:111122223333:findings.fifo":                                 "", // has no e-mail
		"arn:aws:sns:eu-west-1:111122223333:findings:1234abcd-12ab-34cd-56ef-1234567890ab": "", // a subscription
		"arn:aws:sqs:eu-west-1:111122223333:findings":                                      "",
		"arn:aws:sns:eu-west-1:111122223333:findings\n":                                    "",
		"https://sns.eu-west-1.amazonaws.com/arn:aws:sns:eu-west-1:111122223333:findings":  "",
		"arn:aws:sns::111122223333:findings":                                               "",
		"arn:aws:sns:eu-west-1:1111:findings":                                              "",
		"arn:aws:sns:eu-west-1:111122223333:" + strings.Repeat("x", 257):                   "",
	} {
		got, err := notify.RegionOf(arn)
		topic, newErr := notify.New(aws.Config{}, arn)
		if got != region || (err == nil) != (region != "") || (newErr == nil) != (err == nil) || (topic != nil) != (err == nil) {
			t.Errorf("%q: %q, %v; %v, %v", arn, got, err, topic, newErr)
		}
	}
}
