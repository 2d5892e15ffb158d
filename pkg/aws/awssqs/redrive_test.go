package awssqs_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awssqs"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
)

func TestDeadLettersAreMovedBackOnce(t *testing.T) {
	const arn = "arn:aws:sqs:us-east-1:111122223333:dead-letters"
	for _, row := range []struct {
		dead     []string
		isMoving bool
		want     awssqs.DeadLetters
		moved    []string
		reason   string
	}{
		{nil, false, awssqs.DeadLetters{QueueARN: arn}, nil, "there is nothing to move"},
		{[]string{"a", "b"}, false, awssqs.DeadLetters{QueueARN: arn, Messages: 2, IsMoving: true}, []string{"a", "b"}, "they are moved"},
		{[]string{"a", "b"}, true, awssqs.DeadLetters{QueueARN: arn, Messages: 2, IsMoving: true}, nil, "SQS is at it"},
	} {
		q, config := start(t, nil)
		client := awssqs.New(config, guardtest.QueueURL, noPause)
		q.Bury(row.isMoving, row.dead...)
		got, err := client.Redrive(t.Context())
		if diff := cmp.Diff(row.want, got); err != nil || diff != "" || !cmp.Equal(q.Take(), row.moved) {
			t.Errorf("%v, %s: %s", err, diff, row.reason)
		}
		if again, err := client.Redrive(t.Context()); err != nil || again.IsMoving != row.isMoving || len(q.Take()) > 0 {
			t.Errorf("once more: %+v, %v: %s", again, err, row.reason)
		}
	}
}

func TestARedriveSaysWhichCallFailed(t *testing.T) {
	for at, says := range []string{"reading the attributes", "looking for a move", "moving the dead letters back"} {
		q, config := start(t, func(call int) *messagequeue.Fault {
			if call == at {
				return &messagequeue.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
			}
			return nil
		})
		q.Bury(false, "a")
		_, err := awssqs.New(config, guardtest.QueueURL, noPause).Redrive(t.Context())
		var answer smithy.APIError
		if err == nil || !strings.Contains(err.Error(), says) || !errors.As(err, &answer) || answer.ErrorCode() != "AccessDenied" || len(q.Take()) > 0 {
			t.Errorf("call %d: %v", at, err)
		}
	}
}
