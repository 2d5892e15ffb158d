package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

// awsFlags say which AWS to call.
type awsFlags struct{ profile, region, endpoint string }

func (f *awsFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "", "profile of the shared AWS configuration")
	cmd.Flags().StringVar(&f.region, "region", "", "AWS Region; each key is called in its own")
	cmd.Flags().StringVar(&f.endpoint, "endpoint-url", "", "URL to call in place of AWS")
}

func (f *awsFlags) options() []func(*config.LoadOptions) error {
	var list []func(*config.LoadOptions) error
	if f.profile != "" {
		list = append(list, config.WithSharedConfigProfile(f.profile))
	}
	if f.region != "" {
		list = append(list, config.WithRegion(f.region))
	}
	if f.endpoint != "" {
		list = append(list, config.WithBaseEndpoint(f.endpoint))
	}
	return list
}

func newReplay(o *options) *cobra.Command {
	var flags awsFlags
	cmd := &cobra.Command{
		Use:   "replay EVENT…",
		Short: "Run the real handler on event files",
		Long: `replay gives each file, one EventBridge event or - for standard input, to the same
handler that runs in Lambda, with your AWS credentials, and prints one outcome per
event. It reads the settings of the function from the environment; with
` + app.EnvMode + `=repair it writes key policies as the function would.`,
		Example: "  kmsguard replay events/put-key-policy-by-id.json\n" +
			"  " + app.EnvStyle + "=console kmsguard replay --output jsonl event.json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return replay(cmd, o, flags, args) },
	}
	flags.add(cmd)
	return cmd
}

func replay(cmd *cobra.Command, o *options, flags awsFlags, names []string) error {
	aws, err := config.LoadDefaultConfig(cmd.Context(), flags.options()...)
	if err != nil {
		return fmt.Errorf("loading the AWS configuration: %w", err)
	}
	handler, err := app.NewEnforceWith(aws, os.Getenv, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	code := exitFine
	outcomes := []guardrail.Outcome{}
	for _, name := range names {
		outcome, err := replayOne(cmd, handler, name)
		if err != nil {
			cmd.PrintErrf("kmsguard: %s: %s\n", report.Printable(name), report.Printable(err.Error()))
			code = worse(code, exitError)
			continue
		}
		code = worse(code, outcomeCode(outcome))
		if o.output == jsonOutput {
			outcomes = append(outcomes, outcome)
		} else if err := writeOutcome(cmd, o, outcome); err != nil {
			return err
		}
	}
	if o.output == jsonOutput {
		if err := o.output.writeJSON(cmd.OutOrStdout(), outcomes); err != nil {
			return err
		}
	}
	return status(code)
}

// replayOne invokes the handler as Lambda does, with a bare event.
func replayOne(cmd *cobra.Command, handler invoker, name string) (guardrail.Outcome, error) {
	event, err := readFile(name, cmd.InOrStdin())
	if err != nil {
		return guardrail.Outcome{}, err
	}
	return invoke(cmd.Context(), handler, event)
}

// invoker is a Lambda handler.
type invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// invoke gives one bare event to a handler and reads the outcome it answers with.
func invoke(ctx context.Context, handler invoker, event []byte) (guardrail.Outcome, error) {
	var outcome guardrail.Outcome
	answer, err := handler.Invoke(ctx, event)
	if err != nil {
		return outcome, err
	}
	if err := json.Unmarshal(answer, &outcome); err != nil {
		return outcome, fmt.Errorf("reading the outcome: %w", err)
	}
	return outcome, nil
}

func writeOutcome(cmd *cobra.Command, o *options, outcome guardrail.Outcome) error {
	if o.output == textOutput {
		return report.Outcome(cmd.OutOrStdout(), outcome)
	}
	return o.output.writeJSON(cmd.OutOrStdout(), outcome)
}

// outcomeCode is the exit code of one outcome.
func outcomeCode(o guardrail.Outcome) int {
	switch o.Verdict {
	case guardrail.NonCompliant:
		return exitDifferent
	case guardrail.CannotJudge:
		return exitInconclusive
	default:
		return exitFine
	}
}
