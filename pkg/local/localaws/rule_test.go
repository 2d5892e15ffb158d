package localaws

import (
	"strings"
	"testing"
)

func TestRuleDeliversMatchingEventsInOrderAndOnDemand(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	pattern := `{"source":["aws.kms"],"detail-type":["AWS API Call via CloudTrail"],
		"detail":{"eventSource":["kms.amazonaws.com"],"eventName":["CreateKey","PutKeyPolicy"],"errorCode":[{"exists":false}]}}`
	var got []string
	err := w.cloud.AddRule([]byte(pattern), func(event []byte) {
		for _, name := range []string{"CreateKey", "PutKeyPolicy", "ScheduleKeyDeletion"} {
			if strings.Contains(string(event), `"eventName":"`+name+`"`) {
				got = append(got, name)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := newDefaultKey(t, client)
	wantError(t, put(client, id, "{}"), malformedCode) // an error does not match
	if err := put(client, id, policyOf(w.account)); err != nil {
		t.Fatal(err)
	}
	must(schedule(client, id, 7))(t)
	if len(got) != 0 {
		t.Fatalf("delivered before Deliver: %v", got)
	}
	n, err := w.cloud.Deliver()
	if err != nil || n != 2 || strings.Join(got, " ") != "CreateKey PutKeyPolicy" {
		t.Errorf("%d deliveries of %v, error %v", n, got, err)
	}
	if n, err := w.cloud.Deliver(); n != 0 || err != nil {
		t.Errorf("delivered again: %d, %v", n, err)
	}
	if events := w.cloud.Events(); len(events) != 4 {
		t.Errorf("%d events", len(events))
	}
}

func TestDeliverSeesEventsOfTheTargetsOwnCalls(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	id, _ := newDefaultKey(t, client)
	repairs := 0
	err := w.cloud.AddRule([]byte(`{"detail":{"eventName":["CreateKey","PutKeyPolicy"]}}`), func([]byte) {
		if repairs < 3 {
			repairs++
			if err := put(client, id, policyOf(w.account)); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.cloud.Deliver(); n != 4 || err != nil {
		t.Errorf("%d deliveries, error %v", n, err)
	}
}

func TestEndlessLoopOfATargetIsAnError(t *testing.T) {
	w := newWorld(t)
	newDefaultKey(t, w.client(virginia))
	if err := w.cloud.AddRule([]byte(`{"source":["aws.kms"]}`), func([]byte) {
		w.cloud.mu.Lock()
		defer w.cloud.mu.Unlock()
		w.cloud.emit(object{"eventName": "PutKeyPolicy"})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cloud.Deliver(); err == nil {
		t.Error("no error")
	}
}

func TestUnusablePatternIsAnError(t *testing.T) {
	if err := newWorld(t).cloud.AddRule([]byte(`{"source":"aws.kms"}`), func([]byte) {}); err == nil {
		t.Error("accepted")
	}
}
