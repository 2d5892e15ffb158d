package cli

import "github.com/spf13/cobra"

// redriveManual is the long help of redrive.
const redriveManual = `redrive lets SQS move the dead letters of a queue back to the queue that they come from. An event
is a dead letter if the function could not handle it for two hours: an AWS that refused it, or a
defect. Mend that first; the log of the function has a line "given back" with the reason.

The function then handles each event as it handles any other. It reads the key, and writes only
what is wrong now: an event that was handled before changes nothing, so redrive can be repeated.

Messages of EventBridge or Lambda that were never on a queue cannot be moved by SQS.

The AWS credentials need sqs:GetQueueAttributes, sqs:ListMessageMoveTasks, sqs:StartMessageMoveTask,
sqs:ReceiveMessage and sqs:DeleteMessage on the queue of dead letters, and sqs:SendMessage on the
queue that they come from.`

func newRedrive(o *options) *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:         "redrive --queue-url URL",
		Short:       "Move dead letters back to the queue of events",
		Long:        redriveManual,
		Example:     "  kmsguard redrive --queue-url https://sqs.us-east-1.amazonaws.com/111122223333/kms-guardrail-dead-letters",
		Args:        noArguments,
		Annotations: concerns(callsAWS),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				return misuse("--queue-url is required: the URL of the queue of dead letters")
			}
			return redrive(cmd.Context(), o, url)
		},
	}
	cmd.Flags().StringVar(&url, "queue-url", "", "`URL` of the queue of dead letters")
	return cmd
}
