package cli

import (
	"encoding/json"
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// decidedLine is one line of the output of eval --batch.
type decidedLine struct {
	ID json.RawMessage `json:"id"`
	decided
}

// requests are the lines of eval --batch.
var requests = questions{
	fields: []string{"id", "keyArn", "policy", "request"},
	answer: func(f fields) (any, error) {
		result, err := decideRequest(f)
		return decidedLine{ID: f.id(), decided: result}, err
	},
}

func decideRequest(f fields) (decided, error) {
	keyARN, err := f.text("keyArn")
	if err != nil {
		return decided{}, err
	}
	d, err := f.document("policy")
	if err != nil {
		return decided{}, err
	}
	text, ok := f["request"]
	if !ok {
		return decided{}, errors.New("request is missing")
	}
	request, err := evaluation.ParseRequest(text)
	if err != nil {
		return decided{}, err
	}
	return decide(keyARN, "keyArn", d, request)
}
