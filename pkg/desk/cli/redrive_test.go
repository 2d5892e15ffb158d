package cli

import (
	"net/http"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
)

func TestRedriveMovesDeadLettersBack(t *testing.T) {
	newHome(t) // its credentials
	var fault *messagequeue.Fault
	queue, endpoint := guardtest.StartQueue(t, func(int) *messagequeue.Fault { return fault })
	redrive := func(flags ...string) result {
		return kmsguard(t, "", append([]string{"redrive", "--queue-url", guardtest.QueueURL, "--region", "us-east-1", "--endpoint-url", endpoint}, flags...)...)
	}

	redrive().check(t, exitFine, ":dead-letters has no dead letters.", "")
	queue.Bury(false, "one", "two")
	redrive().check(t, exitFine, "back; 2 are left", "")
	if moved := queue.Take(); len(moved) != 2 {
		t.Errorf("moved back are %q", moved)
	}
	redrive().check(t, exitFine, "has no dead letters", "")
	queue.Bury(true, "three")
	redrive("--output", "jsonl").check(t, exitFine, `{"queueArn":"arn:aws:sqs:us-east-1:111122223333:dead-letters","messages":1,"moving":true}`, "")
	if moved := queue.Take(); len(moved) != 0 {
		t.Errorf("moved back are %q, though SQS was at it", moved)
	}
	fault = &messagequeue.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	redrive().check(t, exitError, "", "reading the attributes of the queue")
	kmsguard(t, "", "redrive").check(t, exitError, "", "--queue-url is required")
}
