package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// visibilityFactor is what Lambda asks of a queue that feeds a function: a message
	// comes again after six of its timeouts, which is six minutes.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	visibilityFactor = 6
	// maxReceives is how often a message is received before it counts as dead: for two hours
	// and more. A message waits there while the archive or the topic refuses the function, while
	// KMS settles, and while another invocation has the key. Lambda asks for five at least.
	maxReceives = 24

	// deadLetterDays is the longest that SQS keeps a message. A dead letter's age counts
	// from its first arrival, so it must exceed the source queue's retention.
	deadLetterDays = 14
	sourceDays     = 4
)

// eventQueueProps describes the queue between the rule and the function.
type eventQueueProps struct {
	// ConsumerTimeout is the timeout of the function that reads the queue.
	ConsumerTimeout awscdk.Duration
}

// eventQueue holds key events until the function has judged them.
type eventQueue struct {
	constructs.Construct
	// Queue is the source of the function.
	Queue awssqs.Queue
	// DeadLetters keeps what the function failed to judge, as it arrived.
	DeadLetters awssqs.Queue
}

// newEventQueue makes the queue and its dead-letter queue. A queue stands between the
// rule and the function so that a burst of events waits instead of being throttled, and
// a failed event is tried again alone.
func newEventQueue(scope constructs.Construct, id string, props *eventQueueProps) *eventQueue {
	this := &eventQueue{Construct: constructs.NewConstruct(scope, &id)}
	this.DeadLetters = newDeadLetterQueue(this.Construct, "DeadLetters")
	this.Queue = newQueue(this.Construct, "Queue", awssqs.QueueProps{
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(visibilityFactor * *props.ConsumerTimeout.ToSeconds(nil))),
		RetentionPeriod:   awscdk.Duration_Days(jsii.Number(sourceDays)),
		DeadLetterQueue: &awssqs.DeadLetterQueue{
			Queue:           this.DeadLetters,
			MaxReceiveCount: jsii.Number(maxReceives),
		},
	})
	return this
}

func newDeadLetterQueue(scope constructs.Construct, id string) awssqs.Queue {
	return newQueue(scope, id, awssqs.QueueProps{
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(deadLetterDays)),
	})
}

// newQueue makes a queue that refuses plain HTTP and encrypts with a key of SQS itself. A
// customer key would be stronger on paper, but it is one of the keys that the guardrail
// judges: whoever broke its policy would cut the guardrail off from its events, and
// EventBridge needs a statement of its own in that policy.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
func newQueue(scope constructs.Construct, id string, props awssqs.QueueProps) awssqs.Queue {
	props.Encryption = awssqs.QueueEncryption_SQS_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	return awssqs.NewQueue(scope, &id, &props)
}
