// Command sweep is the Lambda function that puts every key of an account and Region
// before the guardrail, by a schedule. Package app is its manual: input, output and settings.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	handler, err := app.NewSweep(context.Background(), os.Getenv, log)
	if err != nil {
		// Exiting at once is what tells Lambda that the initialisation failed.
		log.Error("cannot start", slog.String("error", err.Error()))
		os.Exit(1)
	}
	lambda.Start(handler)
}
