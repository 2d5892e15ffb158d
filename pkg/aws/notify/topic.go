package notify

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// attempts is how often one call is tried. Few: what stays unanswered is given back with
// its message, and the queue waits better.
const attempts = 3

// topicARN is the ARN of a standard topic. A FIFO topic, whose name ends in .fifo, has no
// subscribers by e-mail.
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)

// RegionOf returns the Region of the standard topic that has an ARN. What is not such an
// ARN is an error.
func RegionOf(arn string) (string, error) {
	parts := topicARN.FindStringSubmatch(arn)
	if parts == nil {
		return "", fmt.Errorf("%q is not the ARN of a standard SNS topic", arn)
	}
	return parts[1], nil
}

// Topic is one SNS topic. It may be used by several goroutines.
type Topic struct {
	api *sns.Client
	arn string
}

// New returns the topic with an ARN, called in its Region and else as the configuration
// says. What is not the ARN of a standard topic is an error.
func New(config aws.Config, arn string) (*Topic, error) {
	region, err := RegionOf(arn)
	if err != nil {
		return nil, err
	}
	return &Topic{arn: arn, api: sns.NewFromConfig(config, func(o *sns.Options) {
		o.Region = region
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = attempts })
	})}, nil
}

// Report implements [enforcer.Reporter] with one Publish call. The error is
// [enforcer.ErrReporter] where SNS will not take this message later either. Every other error,
// also that the topic is gone or may not be used, is transient.
func (t *Topic) Report(ctx context.Context, o guardrail.Outcome) error {
	m, err := newMessage(o)
	if err != nil {
		return fmt.Errorf("%w: %w", enforcer.ErrReporter, err)
	}
	return t.publish(ctx, m)
}

// Notice is something that people are told of beside outcomes. Its texts are the
// guardrail's own; they quote nobody, and are far shorter than what SNS takes.
type Notice struct {
	// Subject is one line of ASCII, of less than 100 characters.
	Subject string
	// Text is for people, Public JSON for programs.
	Text, Public string
}

// Tell publishes a notice. Its errors have the same classes as the errors of [Topic.Report].
func (t *Topic) Tell(ctx context.Context, n Notice) error {
	body, err := forms(n.Public, n.Text, n.Subject)
	if err != nil {
		return fmt.Errorf("%w: %w", enforcer.ErrReporter, err)
	}
	return t.publish(ctx, message{subject: n.Subject, body: body})
}

func (t *Topic) publish(ctx context.Context, m message) error {
	_, err := t.api.Publish(ctx, &sns.PublishInput{
		TopicArn: &t.arn, Subject: &m.subject, Message: &m.body, MessageStructure: aws.String("json"),
		MessageAttributes: attributes(m.attributes),
	})
	return classify(err)
}

// attributes leaves out those that are empty: SNS takes none.
func attributes(texts map[string]string) map[string]types.MessageAttributeValue {
	values := map[string]types.MessageAttributeValue{}
	for name, text := range texts {
		if text != "" {
			values[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(text)}
		}
	}
	return values
}

// permanent are the error codes of SNS that are about the message, which stays as it is. All
// others are transient: throttling, 5xx, time-outs, expired credentials, and a topic that refuses
// the guardrail (AuthorizationError, NotFound, a disabled key of the topic's encryption). Somebody
// can mend each of these, and until then nothing may be acknowledged that nobody was told of.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
// https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
var permanent = map[string]bool{
	"InvalidParameter":      true,
	"InvalidParameterValue": true,
	"ParameterValueInvalid": true,
	"ValidationError":       true,
	"ValidationException":   true,
}

// classify makes an error that stays one of [enforcer.ErrReporter]. The code and message of
// SNS stay in the text.
func classify(err error) error {
	var answer smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && permanent[answer.ErrorCode()]:
		return fmt.Errorf("publishing to the topic: %w: %s: %s", enforcer.ErrReporter, answer.ErrorCode(), answer.ErrorMessage())
	default:
		return fmt.Errorf("publishing to the topic: %w", err)
	}
}
