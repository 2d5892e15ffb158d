package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awssqs"
)

// redriven is what redrive prints. Its JSON form is public.
type redriven struct {
	QueueARN string `json:"queueArn"`
	// Messages is how many dead letters the queue has, Moving whether they are being moved back.
	Messages int  `json:"messages"`
	Moving   bool `json:"moving"`
}

// redrive begins to move the messages of a queue of dead letters back.
func redrive(ctx context.Context, o *options, url string) error {
	aws, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	noPause := func(ctx context.Context, _ time.Duration) error { return ctx.Err() } // redrive sends nothing
	d, err := awssqs.New(aws, url, noPause).Redrive(ctx)
	if err != nil {
		return fmt.Errorf("%.400q: %w", url, err)
	}
	return o.answer(exitFine, redriven{d.QueueARN, d.Messages, d.IsMoving}, func(w io.Writer) error {
		text := "%s has no dead letters.\n"
		if d.IsMoving {
			text = fmt.Sprintf("SQS moves the dead letters of %%s back; %d are left. The function handles each as any other event.\n", d.Messages)
		}
		_, err := fmt.Fprintf(w, text, d.QueueARN)
		return err
	})
}
