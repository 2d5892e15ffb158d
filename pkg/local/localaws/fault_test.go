package localaws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
)

func TestFaultAnswersLikeAWSAndDoesNothing(t *testing.T) {
	for _, row := range []struct {
		kind FaultKind
		code string
	}{
		{Throttle, "ThrottlingException"},
		{InternalError, "KMSInternalException"},
		{AccessDenied, "AccessDeniedException"},
		{NotFound, "NotFoundException"},
	} {
		t.Run(string(row.kind), func(t *testing.T) {
			w := newWorld(t)
			id, _ := newDefaultKey(t, w.client(virginia))
			before := get(t, w.client(virginia), id)
			w.cloud.Inject(Fault{Kind: row.kind, Operation: "PutKeyPolicy"})
			changed := policyOf(w.account, allow(`{"Service":"s3.amazonaws.com"}`))
			wantError(t, put(w.client(virginia), id, changed), row.code)
			if got := get(t, w.client(virginia), id); got != before {
				t.Error("the refused call changed the policy")
			}
			if err := put(w.client(virginia), id, changed); err != nil {
				t.Errorf("the fault struck twice: %v", err)
			}
		})
	}
}

func TestTimeoutClosesTheConnectionBeforeOrAfterTheEffect(t *testing.T) {
	for _, row := range []struct {
		kind    FaultKind
		changes bool
	}{{TimeoutBefore, false}, {TimeoutAfter, true}} {
		t.Run(string(row.kind), func(t *testing.T) {
			w := newWorld(t)
			id, _ := newDefaultKey(t, w.client(virginia))
			before, events := get(t, w.client(virginia), id), len(w.cloud.Events())
			w.cloud.Inject(Fault{Kind: row.kind, Operation: "PutKeyPolicy"})
			err := put(w.client(virginia), id, policyOf(w.account))
			var answered smithy.APIError
			if err == nil || errors.As(err, &answered) {
				t.Fatalf("error %v, want one of the connection", err)
			}
			if changed := get(t, w.client(virginia), id) != before; changed != row.changes {
				t.Errorf("changed is %v", changed)
			}
			if recorded := len(w.cloud.Events()) > events; recorded != row.changes {
				t.Errorf("recorded by CloudTrail is %v", recorded)
			}
		})
	}
}

func TestTimeoutHangsUntilTheCallerGivesUp(t *testing.T) {
	w := newWorld(t)
	w.cloud.Inject(Fault{Kind: TimeoutBefore, Hang: time.Hour})
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.client(virginia).ListKeys(impatient, &kms.ListKeysInput{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	// Close, at the end of the test, must not wait for the hour.
}

func TestStaleReadReturnsThePolicyBefore(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	id, arn := newDefaultKey(t, client)
	w.cloud.Inject(Fault{Kind: StaleRead})
	first := get(t, client, id) // nothing is older
	if err := put(client, id, policyOf(w.account)); err != nil {
		t.Fatal(err)
	}
	w.cloud.Inject(Fault{Kind: StaleRead, KeyARN: arn, Times: 2})
	for range 2 {
		if got := get(t, client, id); got != first {
			t.Errorf("stale read\n%s", got)
		}
	}
	if got := get(t, client, id); got != policyOf(w.account) {
		t.Errorf("read after the fault\n%s", got)
	}
}

func TestFaultMeetsOnlyItsOperationAndKey(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	one, arn := newDefaultKey(t, client)
	other, _ := newDefaultKey(t, client)
	w.cloud.Inject(Fault{Kind: Throttle, Operation: "GetKeyPolicy", KeyARN: arn, Skip: 1})
	describe(t, client, one)
	get(t, client, other)
	get(t, client, one) // skipped
	_, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
	wantError(t, err, "ThrottlingException")
	get(t, client, one)
}

func TestClearedFaultsDoNotStrike(t *testing.T) {
	w := newWorld(t)
	w.cloud.Inject(Fault{Kind: Throttle, Times: 5})
	w.cloud.ClearFaults()
	newDefaultKey(t, w.client(virginia))
}

func TestClientRetriesThrottlingAndTimeouts(t *testing.T) {
	w := newWorld(t)
	id, _ := newDefaultKey(t, w.client(virginia))
	w.cloud.Inject(Fault{Kind: Throttle, Operation: "GetKeyPolicy"})
	w.cloud.Inject(Fault{Kind: TimeoutBefore, Operation: "GetKeyPolicy"})
	get(t, kms.NewFromConfig(w.cloud.Config(w.admin, virginia)), id)
	var met []string
	for _, call := range w.cloud.Calls("GetKeyPolicy") {
		met = append(met, string(call.Fault)+"/"+call.Error)
	}
	if got := strings.Join(met, " "); got != "throttle/ThrottlingException timeout-before/ /" {
		t.Errorf("attempts %q", got)
	}
}

func TestStaleReadOfAnotherOperationIsAMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("accepted")
		}
	}()
	newWorld(t).cloud.Inject(Fault{Kind: StaleRead, Operation: "PutKeyPolicy"})
}
