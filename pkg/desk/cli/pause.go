package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awsssm"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
)

const (
	// longestPause is a month: who wants to report for longer sets mode: report.
	longestPause = 720 * time.Hour
	// longestWhy bounds the reason, so that a message stays readable.
	longestWhy = 500
)

// pauseAll writes a pause into the kill switch.
func pauseAll(ctx context.Context, o *options, f switchFlags) error {
	switch {
	case strings.TrimSpace(f.why) == "":
		return misuse("--why is required: people are told of the pause, and of the reason")
	case f.span < 0 || f.span > longestPause:
		return misuse("--for: %v is not a time up to %v; for longer, set mode: report in guardrail.yaml", f.span, longestPause)
	}
	now := time.Now().UTC().Truncate(time.Second)
	s := killswitch.State{Mode: rules.Report, At: now}
	if f.span > 0 {
		s.Until = now.Add(f.span)
	}
	return setSwitch(ctx, o, f, s)
}

// resumeAll ends a pause.
func resumeAll(ctx context.Context, o *options, f switchFlags) error {
	return setSwitch(ctx, o, f, killswitch.State{Mode: rules.Repair, At: time.Now().UTC().Truncate(time.Second)})
}

// setSwitch writes a state with the caller and the reason, and prints it.
func setSwitch(ctx context.Context, o *options, f switchFlags, s killswitch.State) error {
	if len(f.why) > longestWhy {
		return misuse("--why: at most %d characters, got %d", longestWhy, len(f.why))
	}
	config, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("asking who you are: %w", err)
	}
	s.By, s.Why = aws.ToString(caller.Arn), f.why
	text, err := s.Text()
	if err != nil {
		return err
	}
	switch err := awsssm.New(config, f.parameter).Write(ctx, text); {
	case errors.Is(err, awsssm.ErrNoParameter):
		return fmt.Errorf("there is no parameter %s in %s: name the Region of the deployment with --region, or the parameter with --parameter", report.Printable(f.parameter), config.Region)
	case err != nil:
		return err
	}
	return o.answer(exitFine, s, func(w io.Writer) error {
		text := "Repairs go on within a minute.\n"
		switch {
		case s.Mode == rules.Report && s.Until.IsZero():
			text = "Within a minute nothing is repaired any more, until: kmsguard resume\n"
		case s.Mode == rules.Report:
			text = fmt.Sprintf("Within a minute nothing is repaired any more, until %s or: kmsguard resume\n", s.Until.Format("2006-01-02 15:04 UTC"))
		}
		_, err := io.WriteString(w, text)
		return err
	})
}
