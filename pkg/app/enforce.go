package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awsssm"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// NewEnforce returns the handler of functions/enforce, wired from the
// environment: settings (see the package documentation), credentials and endpoints.
func NewEnforce(ctx context.Context, getenv func(string) string, log *slog.Logger) (*Handler, error) {
	settings, aws, err := start(ctx, getenv)
	if err != nil {
		return nil, err
	}
	return NewEnforceWith(aws, settings, log)
}

// start reads the environment.
func start(ctx context.Context, getenv func(string) string) (settings Settings, aws aws.Config, err error) {
	binary, err := os.Executable()
	if err != nil {
		return settings, aws, fmt.Errorf("finding the configuration beside the binary: %w", err)
	}
	if settings, err = ReadSettings(getenv, filepath.Dir(binary)); err != nil {
		return settings, aws, fmt.Errorf("reading the settings: %w", err)
	}
	if aws, err = config.LoadDefaultConfig(ctx); err != nil {
		return settings, aws, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	return settings, aws, nil
}

// NewEnforceWith is NewEnforce with settings and an AWS configuration that are already
// there; with is how S3 is called, where that is not as KMS is. A configuration that
// repairs needs an archive: without one it is an error. So is a topic that is none.
func NewEnforceWith(aws aws.Config, settings Settings, log *slog.Logger, with ...func(*s3.Options)) (*Handler, error) {
	c, topic, err := enforcerConfig(aws, settings, log, with...)
	switch {
	case err != nil:
		return nil, err
	case settings.ModeParameter == "" || !c.Configuration.Repairs():
		return NewHandler(enforcer.New(c), log), nil
	default:
		return NewHandler(newSwitched(c, awsssm.New(aws, settings.ModeParameter), topic), log), nil
	}
}

// enforcerConfig wires what an enforcer works with, and the topic, nil where there is none.
func enforcerConfig(aws aws.Config, settings Settings, log *slog.Logger, with ...func(*s3.Options)) (enforcer.Config, *notify.Topic, error) {
	c := enforcer.Config{
		Keys: awskms.New(aws, settings.Concurrency), Configuration: settings.Configuration,
		Role: settings.Role, Account: settings.Account,
		OrganizationID: settings.OrganizationID, OrganizationalUnits: settings.OrganizationalUnits,
		Log: log, Now: time.Now, Pause: pause, Version: Version,
	}
	switch {
	case settings.ArchiveBucket != "":
		a, err := archive.New(aws, settings.archive(), append(with, pathStyle)...)
		if err != nil {
			return c, nil, fmt.Errorf("%s: %w", EnvArchiveBucket, err)
		}
		c.Archive, c.RestoreFlags = a, "--archive "+settings.ArchiveBucket
		if aws.Region != "" {
			c.RestoreFlags += " --region " + aws.Region
		}
	case settings.Configuration.Repairs():
		return c, nil, errors.New("the configuration repairs, and nothing is written that was not archived: " + EnvArchiveBucket + " must name a bucket")
	}
	if settings.FindingsTopic == "" {
		return c, nil, nil
	}
	topic, err := notify.New(aws, settings.FindingsTopic)
	if err != nil {
		return c, nil, fmt.Errorf("%s: %w", EnvFindingsTopic, err)
	}
	c.Reporter = topic
	return c, topic, nil
}

// pathStyle lets an endpoint that stands in for S3 do without a host for each bucket.
func pathStyle(o *s3.Options) {
	if o.BaseEndpoint != nil {
		o.UsePathStyle = true
	}
}

// pause waits, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Version of the guardrail. Releases set it when they are built:
// -ldflags "-X github.com/kms-guardrail/kms-guardrail/pkg/app.Version=v1.2.3".
var Version = "development"
