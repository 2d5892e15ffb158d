package app

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

// Main is the main function of a Lambda function. It makes the handler from the process's
// environment and serves Lambda with it, until Lambda ends the process. The log goes to
// standard output, one JSON object a line. If newHandler fails, Main logs the error and
// exits with 1: Lambda counts a process that exits before its first call as a failed start.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
func Main[H lambda.Handler](newHandler func(ctx context.Context, getenv func(string) string, log *slog.Logger) (H, error)) {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	handler, err := newHandler(context.Background(), os.Getenv, log)
	if err != nil {
		log.Error("cannot start", slog.String("error", err.Error()))
		os.Exit(1)
	}
	lambda.Start(handler)
}
