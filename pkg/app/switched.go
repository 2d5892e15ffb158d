package app

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
)

// switched is an EventHandler that only reports while the kill switch says so.
type switched struct {
	repairing, reporting *enforcer.Enforcer
	kill                 *killswitch.Switch
	// topic is by which people are told of a change of the switch; nil for none.
	topic *notify.Topic
	log   *slog.Logger
}

// newSwitched returns the handler of a configuration that repairs.
func newSwitched(c enforcer.Config, parameter killswitch.Parameter, topic *notify.Topic) *switched {
	s := &switched{
		repairing: enforcer.New(c), topic: topic, log: c.Log,
		kill: killswitch.New(killswitch.Config{Parameter: parameter, Now: c.Now, Log: c.Log}),
	}
	c.Configuration = c.Configuration.ReportOnly()
	s.reporting = enforcer.New(c)
	return s
}

// now returns the enforcer that the kill switch lets work now.
func (s *switched) now(ctx context.Context) *enforcer.Enforcer {
	if s.kill.Mode(ctx) == rules.Repair {
		return s.repairing
	}
	return s.reporting
}

// Handle implements EventHandler.
func (s *switched) Handle(ctx context.Context, m enforcer.Message) (guardrail.Outcome, error) {
	return s.now(ctx).Handle(ctx, m)
}

// Flush implements EventHandler. It is called every minute, and tells people of a change of the
// kill switch.
func (s *switched) Flush(ctx context.Context, delivery string) (enforcer.Flushed, error) {
	if text := s.kill.News(ctx); text != "" {
		s.tell(ctx, guardrail.Neutral(text))
	}
	return s.now(ctx).Flush(ctx, delivery)
}

// mostNews bounds what people are told of the switch: its reason is text of whoever set it.
const mostNews = 1000

// tell logs and publishes a change of the kill switch. A topic that refuses keeps nothing: the
// log has it.
func (s *switched) tell(ctx context.Context, text string) {
	if len(text) > mostNews {
		text = text[:mostNews] + " ..."
	}
	s.log.WarnContext(ctx, "kill switch", slog.String("text", text))
	if s.topic == nil {
		return
	}
	public, err := json.Marshal(map[string]string{"killSwitch": text})
	if err == nil {
		err = s.topic.Tell(ctx, notify.Notice{Subject: "kms-guardrail: the kill switch changed", Text: text + "\n", Public: string(public)})
	}
	if err != nil {
		s.log.ErrorContext(ctx, "the change of the kill switch was not told", slog.String("error", err.Error()))
	}
}
