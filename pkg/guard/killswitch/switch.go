package killswitch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	// fresh is how long a text counts without being read again: how late a pause may begin.
	fresh = time.Minute
	// stale is how long the last text counts while none can be read.
	stale = time.Hour
	// news is how long a change is told. Who asks every minute asks in time.
	news = 90 * time.Second
	// readTime is the most that reading may take, so that a call that hangs keeps no event.
	readTime = 2 * time.Second
)

// Unreadable is the message of the log line that says that the kill switch cannot be read or
// understood. An alarm counts these lines.
const Unreadable = "kill switch unreadable"

// Parameter is where the text of the kill switch stands.
type Parameter interface {
	// Read returns the text, and when it was last changed, by the clock of who keeps it; zero
	// where it is as the deployment made it.
	Read(ctx context.Context) (text string, changed time.Time, err error)
}

// Config is what a Switch works with.
type Config struct {
	Parameter Parameter
	Now       func() time.Time
	Log       *slog.Logger
}

// Switch reads the kill switch. It may be used by several goroutines.
type Switch struct {
	config Config

	mu      sync.Mutex
	state   State
	changed time.Time
	read    time.Time // when it was read without an error; zero for never
	tried   time.Time // when it was tried last; zero for never
	told    string    // the last news
}

// New returns a Switch that has read nothing yet.
func New(c Config) *Switch { return &Switch{config: c} }

// Mode returns the most that the guardrail may do now. It reads the text where the last try is a
// minute old, and logs an error for each try that fails.
func (s *Switch) Mode(ctx context.Context) rules.Mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	if s.tried.IsZero() || now.Sub(s.tried) >= fresh {
		s.tried = now
		s.look(ctx, now)
	}
	if s.read.IsZero() || now.Sub(s.read) >= stale {
		return rules.Report
	}
	return s.state.ModeAt(now)
}

// look reads the text. A text that cannot be understood counts as read: it says report.
func (s *Switch) look(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	text, changed, err := s.config.Parameter.Read(ctx)
	if err != nil {
		s.config.Log.ErrorContext(ctx, Unreadable, slog.String("error", err.Error()))
		return
	}
	state, err := Parse(text)
	if err != nil {
		s.config.Log.ErrorContext(ctx, Unreadable, slog.String("error", err.Error()))
		state = State{Mode: rules.Report}
	}
	s.state, s.changed, s.read = state, changed, now
}

// News reads the text, and returns what changed in the last minute and a half: that the kill switch
// was set, or that a pause ended. It is "" for nothing, and for what this Switch told last. Who asks
// every minute misses nothing; two Switches tell the same.
func (s *Switch) News(ctx context.Context) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	s.tried = now
	s.look(ctx, now)
	text := s.change(now)
	if text == s.told {
		return ""
	}
	s.told = text
	return text
}

// change says what changed of late.
func (s *Switch) change(now time.Time) string {
	isNew := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) && now.Sub(at) < news }
	who := ""
	if s.state.By != "" {
		who = " by " + s.state.By
	}
	why := ""
	if s.state.Why != "" {
		why = fmt.Sprintf(" The reason given: %s.", s.state.Why)
	}
	const later = "2006-01-02 15:04 UTC"
	switch {
	case s.read.IsZero():
		return ""
	case isNew(s.state.Until):
		return "The pause of all repairs ended at " + s.state.Until.UTC().Format(later) + ". Repairs go on."
	case !isNew(s.changed):
		return ""
	case s.state.ModeAt(now) == rules.Repair:
		return "All repairs were resumed" + who + "." + why
	case s.state.Until.IsZero():
		return "All repairs were paused" + who + " until further notice. Findings are still reported." + why
	default:
		return "All repairs were paused" + who + " until " + s.state.Until.UTC().Format(later) + ". Findings are still reported." + why
	}
}
