package killswitch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// State is what the kill switch says, and who said it.
type State struct {
	// Mode is the most that the guardrail may do.
	Mode rules.Mode `json:"mode"`
	// By is the ARN of whoever set it, and Why the reason; "" where the deployment set it.
	By  string `json:"by,omitempty"`
	Why string `json:"why,omitempty"`
	// At is when it was set, by the clock of whoever set it.
	At time.Time `json:"at,omitzero"`
	// Until is when report ends; zero for until further notice.
	Until time.Time `json:"until,omitzero"`
}

// Parse reads a state. An unknown field, another mode than report or repair, and an end of
// repair are errors.
func Parse(text string) (State, error) {
	var s State
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf(`the kill switch must be JSON such as {"mode":"report"}: %w`, err)
	}
	switch {
	case s.Mode != rules.Report && s.Mode != rules.Repair:
		return s, fmt.Errorf("the mode of the kill switch must be report or repair, and is %.40q", string(s.Mode))
	case s.Mode == rules.Repair && !s.Until.IsZero():
		return s, errors.New("the kill switch has an end for repair, and only report ends")
	default:
		return s, nil
	}
}

// Text returns the state as the kill switch has it.
func (s State) Text() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("writing the kill switch: %w", err)
	}
	return string(text), nil
}

// ModeAt returns the most that the guardrail may do at a moment.
func (s State) ModeAt(now time.Time) rules.Mode {
	if s.Mode == rules.Report && (s.Until.IsZero() || now.Before(s.Until)) {
		return rules.Report
	}
	return rules.Repair
}
