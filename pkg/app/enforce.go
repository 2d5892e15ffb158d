package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/kms-guardrail/kms-guardrail/pkg/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/enforcer"
)

// NewEnforce returns the handler of functions/enforce, wired from the
// environment: settings (see the package documentation), credentials and endpoints.
func NewEnforce(ctx context.Context, getenv func(string) string, log *slog.Logger) (*Handler, error) {
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	return NewEnforceWith(aws, getenv, log)
}

// NewEnforceWith is NewEnforce with an AWS configuration that is already loaded.
func NewEnforceWith(aws aws.Config, getenv func(string) string, log *slog.Logger) (*Handler, error) {
	yardstick, err := Settings(getenv)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	return NewHandler(enforcer.New(enforcer.Config{
		Keys: awskms.New(aws), Yardstick: yardstick, Log: log, Now: time.Now, Version: Version,
	}), log), nil
}

// Version of the guardrail. Releases set it when they are built:
// -ldflags "-X github.com/kms-guardrail/kms-guardrail/pkg/app.Version=v1.2.3".
var Version = "development"
