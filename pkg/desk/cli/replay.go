package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// awsFlags say which AWS to call. Commands that call none ignore them.
type awsFlags struct{ profile, region, endpoint string }

func (f *awsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.profile, "profile", "", "`NAME` of the profile of the shared AWS configuration")
	flags.StringVar(&f.region, "region", "", "AWS `REGION` (a key whose ARN is known is called in its own)")
	flags.StringVar(&f.endpoint, "endpoint-url", "", "`URL` to call in place of AWS")
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

// replayed is one result of replay: an outcome with the file of its event.
type replayed struct {
	File string `json:"file"`
	guardrail.Outcome
}

func newReplay(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "replay EVENT...",
		Short: "Run the real handler on event files",
		Long: `replay gives each file, one EventBridge event or - for standard input, to the same
handler that runs in Lambda, with your AWS credentials, and prints one outcome per
event.

` + configManual + `
The other settings of the function are read from the environment:
  ` + app.EnvModeMax + `      report lowers every rule to report
  ` + app.EnvArchiveBucket + `          the bucket of the archive; a configuration that repairs needs it:
                          then replay writes key policies as the function would
  ` + app.EnvAccount + `       the only account whose keys are handled
  ` + app.EnvRole + `      the role that writes, for KMS's lockout check
  ` + app.EnvOrganizationID + `         of the account, for ${OrganizationId}
  ` + app.EnvOrganizationalUnits + `    comma-separated ids of the units above the account
A file that cannot be read, and an event that AWS gave no answer about, are errors
on standard error; the other events go on.`,
		Example: "  kmsguard replay events/put-key-policy-by-id.json\n" +
			"  " + app.EnvModeMax + "=report kmsguard replay --config guardrail.yaml --output jsonl event.json",
		Annotations: readsConfiguration,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, "expected at least one event file")
			}
			if err := onceStandardInput(cmd, args); err != nil {
				return err
			}
			return replay(cmd, o, args)
		},
	}
}

func replay(cmd *cobra.Command, o *options, files []string) error {
	aws, err := config.LoadDefaultConfig(cmd.Context(), o.aws.options()...)
	if err != nil {
		return fmt.Errorf("loading the AWS configuration: %w", err)
	}
	settings, err := app.ReadSettings(o.getenv, ".")
	if err != nil {
		return err
	}
	handler, err := app.NewEnforceWith(aws, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	code := exitFine
	answers := &results{out: cmd.OutOrStdout(), output: o.output}
	for _, file := range files {
		outcome, err := replayOne(cmd, handler, file)
		switch {
		case cmd.Context().Err() != nil:
			return errors.Join(cmd.Context().Err(), answers.end())
		case err != nil:
			cmd.PrintErrf("kmsguard: %s: %s\n", report.Printable(nameOf(file)), report.Printable(err.Error()))
			code = worse(code, exitError)
			continue
		}
		code = worse(code, outcomeCode(outcome))
		if err := writeOutcome(answers, replayed{file, outcome}); err != nil {
			return err
		}
	}
	if err := answers.end(); err != nil {
		return err
	}
	return status(code)
}

// getenv reads the environment, with the file of --config before the environment's.
func (o *options) getenv(name string) string {
	if name == app.EnvConfig && o.config != "" {
		return o.config
	}
	return os.Getenv(name)
}

func writeOutcome(answers *results, r replayed) error {
	if answers.output != textOutput {
		return answers.add(r)
	}
	return answers.paragraph(report.Source{Name: nameOf(r.File)}, r.Outcome)
}

// replayOne invokes the handler as Lambda does, with a bare event.
func replayOne(cmd *cobra.Command, handler invoker, file string) (guardrail.Outcome, error) {
	event, err := readFile(file, cmd.InOrStdin())
	if err != nil {
		return guardrail.Outcome{}, err
	}
	var several struct{ Records []json.RawMessage }
	if json.Unmarshal(event, &several) == nil && several.Records != nil {
		return guardrail.Outcome{}, errors.New("this is a list of Records, such as an SQS batch or a log file of CloudTrail; replay takes one EventBridge event a file")
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
	if outcome.Schema == "" {
		return outcome, errors.New("the handler answered without an outcome")
	}
	return outcome, nil
}

// outcomeCode is the exit code of one outcome.
func outcomeCode(o guardrail.Outcome) int {
	switch o.Verdict {
	case guardrail.Compliant, guardrail.Exempt, guardrail.NothingToJudge:
		return exitFine
	case guardrail.NonCompliant:
		return exitDifferent
	default: // what is not known is not fine
		return exitInconclusive
	}
}
