package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/time/rate"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

const (
	// keysPerSecond is a fifth of the calls of GetKeyPolicy that KMS takes in an account and
	// Region, so that a scan leaves most of them to others.
	// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
	keysPerSecond = 200
	// mostConcurrent is the most keys that are read at the same time.
	mostConcurrent = 100
	// mostFailures is how many keys in a row may fail before the scan ends: then the reason
	// is not with the keys.
	mostFailures = 20
)

// errUnread ends a scan in which key after key fails. What was judged before is told.
var errUnread = errors.New("could not be read")

// scanOptions say which keys are judged and what is told of them.
type scanOptions struct {
	regions     []string // none: the Region of the AWS configuration
	place       place
	concurrency int
	targets     []target
	severity    rules.Severity // the lowest that is shown
	failOn      rules.Severity
}

// scan judges every customer key of an account in some Regions, with live calls that only
// read.
func scan(ctx context.Context, o *options, want scanOptions) error {
	c, err := o.newChecker(want.targets, want.failOn)
	if err != nil {
		return err
	}
	aws, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	if len(want.regions) == 0 {
		want.regions = []string{aws.Region}
	}
	readers := map[string]accountReader{}
	for _, region := range want.regions {
		if region == "" {
			return misuse("there is no Region: name one with --region, or set AWS_REGION")
		}
		aws.Region = region
		readers[region] = awskms.NewPatient(aws)
	}
	return newScanning(c, want).run(ctx, readers)
}

// shownAsText returns the lowest severity that text shows.
func (o scanOptions) shownAsText() rules.Severity { return cmp.Or(o.severity, rules.Low) }

// scanning is one scan on its way.
type scanning struct {
	checker
	want     scanOptions
	summary  *report.Scan
	progress *progress
	denied   *denials
	limiter  *rate.Limiter

	total, done, failures int
	unjudged              map[string]bool // the flags without which some key could not be judged
}

func newScanning(c checker, want scanOptions) *scanning {
	return &scanning{
		checker: c, want: want, summary: report.NewScan(report.Style{}, want.shownAsText()), progress: newProgress(c.streams.err),
		denied: &denials{actions: map[string]bool{}}, limiter: rate.NewLimiter(keysPerSecond, want.concurrency), unjudged: map[string]bool{},
	}
}

// run lists the keys of all Regions, judges them and writes what was found. After an
// interrupt it writes what was judged by then.
func (s *scanning) run(ctx context.Context, readers map[string]accountReader) error {
	var lists []regionKeys
	for _, region := range s.want.regions {
		list, err := listKeys(ctx, region, readers[region], s.denied)
		if err != nil {
			return errors.Join(err, s.noteDenied())
		}
		lists = append(lists, list)
		s.total += len(list.arns)
	}
	if err := s.open(func(out io.Writer, style report.Style) sink {
		return &groups{report.NewScan(style, s.want.shownAsText()), out}
	}); err != nil {
		return err
	}
	err := s.judgeLists(ctx, lists)
	s.progress.clear()
	switch {
	case errors.Is(err, errUnread):
		err = s.stop(err)
	case err != nil:
		return s.abandon(err)
	case ctx.Err() != nil:
		err = s.stop(ctx.Err())
	default:
		err = s.finish()
	}
	s.noteCounts()
	if problem := s.noteDenied(); err != nil || problem != nil {
		return cmp.Or(err, problem)
	}
	return status(s.code)
}

// judgeLists judges the keys of one Region after the other.
func (s *scanning) judgeLists(ctx context.Context, lists []regionKeys) error {
	for _, list := range lists {
		if err := s.judgeAll(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// scanned is what became of one key. Its outcome is without a verdict if err says why.
type scanned struct {
	arn     string
	outcome guardrail.Outcome
	missing []string // flags
	err     error
}

// judgeAll judges the keys of a Region, some at a time, and takes the answers in the order of
// the keys. It ends early when ctx does, or with the error of the writer.
func (s *scanning) judgeAll(ctx context.Context, list regionKeys) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	inspector := s.inspector(list, s.want.place, false)
	answers := make(chan chan scanned, s.want.concurrency-1)
	go func() {
		defer close(answers)
		for _, arn := range list.arns {
			if s.limiter.Wait(ctx) != nil {
				return
			}
			answer := make(chan scanned, 1)
			select {
			case answers <- answer:
				go func() { answer <- s.key(ctx, list, inspector, arn) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	for answer := range answers {
		if err := s.take(ctx, <-answer); err != nil {
			return err
		}
	}
	return nil
}

// key reads and judges one key.
func (s *scanning) key(ctx context.Context, list regionKeys, i *inspect.Inspector, arn string) scanned {
	subject, o, err := live(ctx, i, arn)
	if aliases, _ := list.Aliases(ctx, arn); aliases != nil {
		o.Aliases = aliases // people know keys by them, also where no rule asks for them
	}
	result := scanned{arn: arn, outcome: o, err: err}
	if err == nil && o.Verdict == guardrail.CannotJudge {
		result.missing = missingFlags(subject, s.configuration, s.now)
	}
	return result
}

// take counts an answer and writes it where results are written as they come.
func (s *scanning) take(ctx context.Context, r scanned) error {
	switch {
	case errors.Is(r.err, inspect.ErrNotFound):
		if err := s.miss(gap{name: r.arn, reason: "deleted meanwhile"}); err != nil {
			return err
		}
	case ctx.Err() != nil && r.outcome.Verdict == "":
		return nil // the key is among those that are left
	case r.err != nil:
		return s.fail(r)
	default:
		s.failures = 0
		for _, flag := range r.missing {
			s.unjudged[flag] = true
		}
		s.summary.Add(r.outcome)
		s.code = worse(s.code, outcomeCode(r.outcome, s.failOn))
		if err := s.show(r.outcome); err != nil {
			return err
		}
	}
	s.done++
	s.progress.show(s.done, s.total)
	return nil
}

// show writes an outcome, or only counts it where --severity leaves it out or AWS manages the
// key.
func (s *scanning) show(o guardrail.Outcome) error {
	isHidden := o.Verdict == guardrail.NothingToJudge || s.want.severity != "" && !o.Severity.AtLeast(s.want.severity)
	r := judged{Outcome: o}
	if isHidden {
		return s.all(func(to sink) error { return to.hidden(r) })
	}
	return s.write(r)
}

// miss counts a key of which there is no outcome.
func (s *scanning) miss(g gap) error {
	s.summary.Missed(g.reason)
	return s.missed(g)
}

// fail counts a key that could not be read.
func (s *scanning) fail(r scanned) error {
	s.code = worse(s.code, exitError)
	s.done++
	if err := s.miss(gap{r.arn, "without an answer of AWS", plain(r.err)}); err != nil {
		return err
	}
	if s.failures++; s.failures == mostFailures {
		return fmt.Errorf("%d keys in a row %w, the last one because: %w", mostFailures, errUnread, plain(r.err))
	}
	if s.failures == 1 {
		s.progress.clear()
		s.streams.note("kmsguard: a key could not be read: %v", plain(r.err))
	}
	return nil
}

// noteCounts notes what is told of all keys together.
func (s *scanning) noteCounts() {
	if !slices.Contains(s.want.targets, target{format: textOutput}) {
		s.streams.note("%s", s.summary.Counts())
	}
	if left := s.total - s.done; left > 0 {
		s.streams.note("%d of %d keys are left, and nothing is known of them", left, s.total)
	}
	if len(s.unjudged) > 0 {
		s.streams.note("Add %s: without that, some keys cannot be judged.", strings.Join(slices.Sorted(maps.Keys(s.unjudged)), " and "))
	}
}

// noteDenied says what to add to the caller's IAM policy.
func (s *scanning) noteDenied() error {
	statement, err := s.denied.statement()
	if err != nil || statement == "" {
		return err
	}
	s.streams.note("Access was denied. Add this statement to your IAM policy. A key whose policy does not let IAM policies decide must name you itself.")
	for line := range strings.SplitSeq(statement, "\n") {
		s.streams.note("  %s", line)
	}
	return nil
}

// groups writes a scan as text for people when it is over.
type groups struct {
	*report.Scan
	out io.Writer
}

func (g *groups) add(r judged) error { g.Add(r.Outcome); return nil }

func (g *groups) hidden(r judged) error { return g.add(r) }

func (g *groups) missed(m gap) error { g.Missed(m.reason); return nil }

func (g *groups) end() error { return g.Write(g.out) }
