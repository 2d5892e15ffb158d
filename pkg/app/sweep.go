package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awssqs"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
)

// EnvKeysQueue is the environment variable of the queue that the function enforce reads.
const EnvKeysQueue = "KEYS_QUEUE_URL"

// SweepHandler is the Lambda handler of the sweep's schedule.
type SweepHandler struct {
	sweeper *sweeper.Sweeper
	// topic is by which people are told; nil for none.
	topic *notify.Topic
	// place are the account and Region that are swept.
	place string
	log   *slog.Logger
}

// NewSweep returns the handler of functions/sweep, wired from the environment: settings
// (see the package documentation), credentials and endpoints.
func NewSweep(ctx context.Context, getenv func(string) string, log *slog.Logger) (*SweepHandler, error) {
	settings, aws, err := start(ctx, getenv)
	if err != nil {
		return nil, err
	}
	return NewSweepWith(aws, settings, getenv(EnvKeysQueue), log)
}

// NewSweepWith is NewSweep with settings and an AWS configuration that are already there,
// and the URL of the queue. The account and the Region to be swept must be known, and a
// configuration that repairs needs an archive: without them it is an error.
func NewSweepWith(aws aws.Config, settings Settings, queue string, log *slog.Logger) (*SweepHandler, error) {
	keys := awskms.New(aws, settings.Concurrency)
	c := sweeper.Config{
		Keys: keys, Queue: awssqs.New(aws, queue, pause), Judge: judge(keys, settings, log),
		ConfigurationHash: settings.Configuration.Hash(), Log: log, Now: time.Now, Pause: pause,
	}
	switch {
	case queue == "":
		return nil, errors.New(EnvKeysQueue + " must be the URL of the queue that the function enforce reads")
	case settings.Account == "" || aws.Region == "":
		return nil, fmt.Errorf("%s and the Region must say which keys are swept; they are %q and %q", EnvAccount, settings.Account, aws.Region)
	case settings.ArchiveBucket != "":
		memory, err := memory(aws, settings)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvArchiveBucket, err)
		}
		c.Memory = memory
	case settings.Configuration.Repairs():
		return nil, errors.New("the configuration repairs, and the first sweep after a change of it only reports, which is remembered in the archive: " + EnvArchiveBucket + " must name a bucket")
	}
	h := &SweepHandler{sweeper: sweeper.New(c), place: settings.Account + " in " + aws.Region, log: log}
	if settings.FindingsTopic != "" {
		topic, err := notify.New(aws, settings.FindingsTopic)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvFindingsTopic, err)
		}
		h.topic = topic
	}
	return h, nil
}

func memory(aws aws.Config, settings Settings) (*archive.Sweeps, error) {
	a, err := archive.New(aws, settings.archive(), pathStyle)
	if err != nil {
		return nil, err
	}
	return a.Sweeps(settings.Account, aws.Region)
}

// readOnly takes the one call that changes a key away.
type readOnly struct{ enforcer.Keys }

// PutPolicy implements [enforcer.Keys] without a call.
func (readOnly) PutPolicy(context.Context, string, string) error {
	return fmt.Errorf("%w: a sweep does not write", inspect.ErrRefused)
}

// judge returns what judges a key as the function enforce does, and cannot write: it has
// neither the call nor an archive.
func judge(keys enforcer.Keys, settings Settings, log *slog.Logger) sweeper.Judge {
	e := enforcer.New(enforcer.Config{
		Keys: readOnly{keys}, Configuration: settings.Configuration,
		Role: settings.Role, Account: settings.Account,
		OrganizationID: settings.OrganizationID, OrganizationalUnits: settings.OrganizationalUnits,
		Log: log, Now: time.Now, Pause: pause, Version: Version,
	})
	return func(ctx context.Context, message []byte) (guardrail.Outcome, error) {
		return e.Handle(ctx, enforcer.Message{Event: message, Delivery: requestID(ctx)})
	}
}

// The event of the sweep's schedule, as JSON strings.
const (
	sweepSource     = `"kms-guardrail"`
	sweepDetailType = `"KMS Guardrail Sweep"`
)

// lastTime is kept back from the time that Lambda gives, for the calls that are under way.
const lastTime = 5 * time.Second

// Invoke implements the Handler interface of aws-lambda-go. The answer to the schedule's
// event is the summary of the sweep; the error is the sweep's, so that Lambda tries again,
// and counts it. Anything but that event is an error, and nothing is swept.
func (h *SweepHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil {
		return nil, fmt.Errorf("reading the event of the schedule: %w", err)
	}
	if string(fields["source"]) != sweepSource || string(fields["detail-type"]) != sweepDetailType {
		return nil, fmt.Errorf("the event is not the schedule's: its source must be %s and its detail-type %s", sweepSource, sweepDetailType)
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-lastTime))
		defer cancel()
	}
	summary, err := h.sweeper.Sweep(ctx, requestID(ctx))
	h.tellFirst(ctx, summary)
	if err != nil {
		return nil, err
	}
	return json.Marshal(summary)
}
