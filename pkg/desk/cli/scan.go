package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	severity    rules.Severity // the lowest that is shown
	failOn      rules.Severity
}

// scan judges every customer key of an account in some Regions, with live calls that only
// read.
func scan(ctx context.Context, o *options, want scanOptions) error {
	c, err := o.newChecker(want.failOn)
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
		checker: c, want: want, summary: report.NewScan(cmp.Or(want.severity, rules.Low)), progress: newProgress(c.streams.err),
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
	for _, list := range lists {
		switch err := s.judgeAll(ctx, list); {
		case errors.Is(err, errUnread):
			return errors.Join(s.end(), err)
		case err != nil:
			return err
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return status(s.code)
}

// scanned is what became of one key. Its outcome is without a verdict if err says why.
type scanned struct {
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
	result := scanned{outcome: o, err: err}
	if err == nil && o.Verdict == guardrail.CannotJudge {
		result.missing = missingFlags(subject, s.configuration, s.now)
	}
	return result
}

// take counts an answer and writes it where results are written as they come.
func (s *scanning) take(ctx context.Context, r scanned) error {
	switch {
	case errors.Is(r.err, inspect.ErrNotFound):
		s.summary.Missed("deleted meanwhile")
	case ctx.Err() != nil && r.outcome.Verdict == "":
		return nil // the key is among those that are left
	case r.err != nil:
		return s.fail(r.err)
	default:
		s.failures = 0
		for _, flag := range r.missing {
			s.unjudged[flag] = true
		}
		s.summary.Add(r.outcome)
		s.code = worse(s.code, outcomeCode(r.outcome, s.failOn))
		if err := s.writeLine(r.outcome); err != nil {
			return err
		}
	}
	s.done++
	s.progress.show(s.done, s.total)
	return nil
}

// writeLine writes an outcome as JSON. As text, the keys are told in groups at the end.
func (s *scanning) writeLine(o guardrail.Outcome) error {
	isShown := o.Verdict != guardrail.NothingToJudge && (s.want.severity == "" || o.Severity.AtLeast(s.want.severity))
	if s.answers.output == textOutput || !isShown {
		return nil
	}
	return s.write(judged{Outcome: o})
}

// fail counts a key that could not be read.
func (s *scanning) fail(err error) error {
	s.summary.Missed("without an answer of AWS")
	s.code = worse(s.code, exitError)
	s.done++
	if s.failures++; s.failures == mostFailures {
		return fmt.Errorf("%d keys in a row %w, the last one because: %w", mostFailures, errUnread, err)
	}
	if s.failures == 1 {
		s.progress.clear()
		s.streams.note("kmsguard: a key could not be read: %v", err)
	}
	return nil
}

// end writes what is told of all keys together.
func (s *scanning) end() error {
	s.progress.clear()
	var err error
	if s.answers.output == textOutput {
		err = s.summary.Write(s.streams.out)
	} else {
		err = s.answers.end()
		s.streams.note("%s", s.summary.Counts())
	}
	if left := s.total - s.done; left > 0 {
		s.streams.note("%d of %d keys are left, and nothing is known of them", left, s.total)
	}
	if len(s.unjudged) > 0 {
		s.streams.note("Add %s: without that, some keys cannot be judged.", strings.Join(slices.Sorted(maps.Keys(s.unjudged)), " and "))
	}
	return errors.Join(err, s.noteDenied())
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
