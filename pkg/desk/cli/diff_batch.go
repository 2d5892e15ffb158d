package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

// compared is one line of the output of diff --batch.
type compared struct {
	ID json.RawMessage `json:"id"`
	report.Result
}

// pairs are the lines of diff --batch.
var pairs = questions{
	fields: []string{"id", "keyArn", "baseline", "actual"},
	answer: func(f fields) (any, error) {
		result, err := comparePair(f)
		return compared{ID: f.id(), Result: result}, err
	},
}

func comparePair(f fields) (report.Result, error) {
	keyARN, err := f.text("keyArn")
	if err != nil {
		return report.Result{}, err
	}
	baseline, err := f.document("baseline")
	if err != nil {
		return report.Result{}, err
	}
	actual, err := f.document("actual")
	if err != nil {
		return report.Result{}, err
	}
	key, err := keyOf(keyARN, baseline, actual)
	switch {
	case errors.Is(err, access.ErrUnknownOwner):
		return report.Result{}, fmt.Errorf("%w as keyArn", err)
	case err != nil:
		return report.Result{}, fmt.Errorf("keyArn: %w", err)
	}
	return compare(key, baseline, actual), nil
}
