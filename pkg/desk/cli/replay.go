package cli

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// replay gives the event of each file to the function's own handler and writes the outcomes.
func replay(ctx context.Context, o *options, files []string) error {
	aws, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	configuration, file, err := o.configuration()
	if err != nil {
		return err
	}
	settings, err := app.SettingsFor(configuration, os.Getenv)
	if err != nil {
		return err
	}
	handler, err := app.NewEnforceWith(aws, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return newJudging(o, []target{{format: o.output}}, o.use(settings.Configuration, file), rules.Low).each(ctx, files, func(ctx context.Context, file string) (judged, error) {
		event, err := readFile(file, o.streams.in)
		if err != nil {
			return judged{}, err
		}
		if isList(event) {
			return judged{}, errors.New("this is a list of Records, such as an SQS batch or a log file of CloudTrail; replay takes one EventBridge event a file")
		}
		outcome, err := handler.Handle(ctx, event)
		return judged{File: file, Outcome: outcome}, err
	})
}

// isList tells whether a text has Records in place of being one event.
func isList(text []byte) bool {
	var list struct{ Records []json.RawMessage }
	return json.Unmarshal(text, &list) == nil && list.Records != nil
}
