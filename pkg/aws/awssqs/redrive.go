package awssqs

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// DeadLetters are the messages of a queue of dead letters.
type DeadLetters struct {
	// QueueARN is the ARN of that queue.
	QueueARN string
	// Messages is how many it has, as far as SQS knows.
	Messages int
	// IsMoving says that SQS moves them back to the queue that they come from.
	IsMoving bool
}

// Redrive lets SQS move the messages of this queue of dead letters back to the queue that they
// come from, with one StartMessageMoveTask call. Nothing is begun where there are no messages,
// or where SQS is moving them already. The error says which call failed: the queue does not exist,
// is no queue of dead letters, or may not be used.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
func (q *Queue) Redrive(ctx context.Context) (DeadLetters, error) {
	out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &q.url,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn, types.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return DeadLetters{}, fmt.Errorf("reading the attributes of the queue: %w", err)
	}
	d := DeadLetters{QueueARN: out.Attributes[string(types.QueueAttributeNameQueueArn)]}
	if d.Messages, err = strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)]); err != nil || d.QueueARN == "" {
		return d, fmt.Errorf("SQS does not say which queue it is, and how many messages it has: %v", out.Attributes)
	}
	tasks, err := q.api.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &d.QueueARN, MaxResults: aws.Int32(1)})
	if err != nil {
		return d, fmt.Errorf("looking for a move that is under way: %w", err)
	}
	d.IsMoving = len(tasks.Results) > 0 && aws.ToString(tasks.Results[0].Status) == "RUNNING"
	if d.IsMoving || d.Messages == 0 {
		return d, nil
	}
	if _, err := q.api.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &d.QueueARN}); err != nil {
		return d, fmt.Errorf("moving the dead letters back: %w", err)
	}
	d.IsMoving = true
	return d, nil
}
