package killswitch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
)

func TestStatesThatCanBeRead(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		text   string
		want   rules.Mode // "" for an error
		reason string
	}{
		{`{"mode":"repair"}`, rules.Repair, "nothing is lowered"},
		{`{"mode":"report"}`, rules.Report, "it is paused until further notice"},
		{`{"mode":"report","by":"arn:aws:iam::111122223333:role/oncall","why":"migration","at":"2026-12-01T11:00:00Z","until":"2026-12-01T12:00:01Z"}`, rules.Report, "the pause has a second left"},
		{`{"mode":"report","until":"2026-12-01T12:00:00Z"}`, rules.Repair, "the pause is over"},
		{`{"mode":"Report"}`, "", "a misspelt mode"},
		{`{"mode":"off"}`, "", "a mode that is none"},
		{`{}`, "", "no mode"},
		{`report`, "", "no JSON"},
		{``, "", "nothing"},
		{`{"mode":"report","ends":"2026-12-01T12:00:00Z"}`, "", "a misspelt field would pause for ever"},
		{`{"mode":"repair","until":"2026-12-01T13:00:00Z"}`, "", "what comes after repair is not said"},
		{`{"mode":"report","until":"tomorrow"}`, "", "no time"},
	} {
		s, err := killswitch.Parse(row.text)
		if (err != nil) != (row.want == "") || err == nil && s.ModeAt(now) != row.want {
			t.Errorf("%s: %v, %v, want %q: %s", row.text, s.ModeAt(now), err, row.want, row.reason)
		}
		if err != nil {
			continue
		}
		text, err := s.Text()
		if again, errAgain := killswitch.Parse(text); err != nil || errAgain != nil || again != s {
			t.Errorf("%s is written as %s", row.text, text)
		}
	}
}

// parameter is a text that changes, or an error.
type parameter struct {
	text    string
	changed time.Time
	err     error
	reads   int
}

func (p *parameter) Read(context.Context) (string, time.Time, error) {
	p.reads++
	return p.text, p.changed, p.err
}

// step is one look at a kill switch.
type step struct {
	after time.Duration
	text  string
	err   error
	want  rules.Mode
	reads int // so far
}

// TestWhatTheSwitchSaysInTime goes through one day of a kill switch.
func TestWhatTheSwitchSaysInTime(t *testing.T) {
	start := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	refused := errors.New("AccessDeniedException")
	for _, story := range []struct {
		name  string
		steps []step
	}{
		{"a pause begins within a minute", []step{
			{0, `{"mode":"repair"}`, nil, rules.Repair, 1},
			{59 * time.Second, `{"mode":"report"}`, nil, rules.Repair, 1},
			{60 * time.Second, `{"mode":"report"}`, nil, rules.Report, 2},
		}},
		{"the last text counts for an hour, and then nothing is written", []step{
			{0, `{"mode":"repair"}`, nil, rules.Repair, 1},
			{59 * time.Minute, "", refused, rules.Repair, 2},
			{60 * time.Minute, "", refused, rules.Report, 3},
			{61 * time.Minute, `{"mode":"repair"}`, nil, rules.Repair, 4},
		}},
		{"a text that was never read is report", []step{
			{0, "", refused, rules.Report, 1},
			{30 * time.Second, `{"mode":"repair"}`, nil, rules.Report, 1},
			{60 * time.Second, `{"mode":"repair"}`, nil, rules.Repair, 2},
		}},
		{"a text that is none is report at once, and for as long as it stands", []step{
			{0, `{"mode":"repair"}`, nil, rules.Repair, 1},
			{time.Minute, `off`, nil, rules.Report, 2},
			{3 * time.Hour, `off`, nil, rules.Report, 3},
		}},
		{"a pause ends by itself, also while nothing can be read", []step{
			{0, `{"mode":"report","until":"2026-12-01T12:30:00Z"}`, nil, rules.Report, 1},
			{29 * time.Minute, "", refused, rules.Report, 2},
			{30 * time.Minute, "", refused, rules.Repair, 3},
		}},
	} {
		p, now := &parameter{}, start
		var log bytes.Buffer
		s := killswitch.New(killswitch.Config{Parameter: p, Now: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(&log, nil))})
		failures := 0
		for _, step := range story.steps {
			now, p.text, p.err = start.Add(step.after), step.text, step.err
			before := p.reads
			if got := s.Mode(t.Context()); got != step.want || p.reads != step.reads {
				t.Errorf("%s: after %v %s and %d reads, want %s and %d", story.name, step.after, got, p.reads, step.want, step.reads)
			}
			if p.reads > before && (step.err != nil || step.text == "off") {
				failures++
			}
		}
		if lines := strings.Count(log.String(), killswitch.Unreadable); lines != failures {
			t.Errorf("%s: %d lines for %d failures:\n%s", story.name, lines, failures, log.String())
		}
	}
}

func TestAChangeIsToldOnce(t *testing.T) {
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	const who = `"by":"arn:aws:iam::111122223333:role/oncall","why":"migration of payments"`
	for _, row := range []struct {
		text    string
		changed time.Time
		after   time.Duration
		want    string
		reason  string
	}{
		{`{"mode":"report",` + who + `}`, at, 0, "All repairs were paused by arn:aws:iam::111122223333:role/oncall until further notice. Findings are still reported. The reason given: migration of payments.", "it was just set"},
		{`{"mode":"report",` + who + `}`, at, 89 * time.Second, "All repairs were paused by ", "a flush that comes late still tells"},
		{`{"mode":"report",` + who + `}`, at, 90 * time.Second, "", "it was told before"},
		{`{"mode":"report","until":"2026-12-01T16:00:00Z"}`, at, 0, "All repairs were paused until 2026-12-01 16:00 UTC. Findings are still reported.", "somebody set it by hand"},
		{`{"mode":"report","until":"2026-12-01T16:00:00Z"}`, at, 4 * time.Hour, "The pause of all repairs ended at 2026-12-01 16:00 UTC.", "it ended"},
		{`{"mode":"report","until":"2026-12-01T16:00:00Z"}`, at, 4*time.Hour + 90*time.Second, "", "the end was told"},
		{`{"mode":"repair",` + who + `}`, at, time.Second, "All repairs were resumed by arn:aws:iam::111122223333:role/oncall.", "it was lifted"},
		{`{"mode":"repair"}`, time.Time{}, 0, "", "it is as the deployment made it"},
	} {
		now := at.Add(row.after)
		s := killswitch.New(killswitch.Config{Parameter: &parameter{text: row.text, changed: row.changed}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
		if got := s.News(t.Context()); (row.want == "") != (got == "") || !strings.HasPrefix(got, row.want) {
			t.Errorf("%q, want %q: %s", got, row.want, row.reason)
		}
		if again := s.News(t.Context()); again != "" {
			t.Errorf("told twice: %q", again)
		}
	}
	unread := killswitch.New(killswitch.Config{Parameter: &parameter{err: errors.New("no")}, Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)})
	if got := unread.News(t.Context()); got != "" {
		t.Errorf("what was never read is news: %q", got)
	}
}
