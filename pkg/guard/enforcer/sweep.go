package enforcer

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// trigger says what made the guardrail look at an event's key.
func trigger(event trail.Event) guardrail.Trigger {
	if event.SweepID != "" {
		return guardrail.BySweep
	}
	return guardrail.ByEvent
}

// firstSweep tells whether the key comes from a sweep before any was completed under the
// enforcer's configuration. The sweep's message says under which one it was sent, so that
// messages which a change of the configuration finds in the queue repair nothing either.
func (w *work) firstSweep() bool {
	return w.event.SweepID != "" && w.event.SweptConfiguration != w.hash
}
