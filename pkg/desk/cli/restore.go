package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// restoreRequest is what a restore is asked to do beside the record.
type restoreRequest struct {
	// place is the organization of the key's account and the units above it.
	place place
	// superseded is the hash of the policy of another writer to put back; "" for the policy
	// before the repair.
	superseded string
	// yes writes without a question.
	yes bool
}

// restoring is one run of restore.
type restoring struct {
	request restoreRequest
	checker checker
	options *options
	keys    *awskms.Client
	archive *archive.Archive

	entry    ledger.Entry
	subject  subject
	archived *policy.Document
	live     *policy.Document
	result   restoration
}

// run gathers, refuses or shows, asks, and writes once.
func (r *restoring) run(ctx context.Context, record string) error {
	if err := r.gather(ctx, record); err != nil {
		return err
	}
	if r.live.Hash(r.subject.key.Partition) == r.archived.Hash(r.subject.key.Partition) {
		return r.end(alreadyThere, exitFine)
	}
	if err := r.refuse(); err != nil {
		return err
	}
	if err := r.judge(ctx); err != nil {
		return err
	}
	if err := r.show(); err != nil {
		return err
	}
	confirmed, err := r.confirmed()
	switch {
	case err != nil:
		return err
	case !confirmed:
		return r.end(notConfirmed, exitDifferent)
	}
	return r.write(ctx)
}

// gather reads the record, the key and its policy. Nothing of that may be missing: what is
// not known cannot be shown.
func (r *restoring) gather(ctx context.Context, record string) (err error) {
	if r.entry, err = r.archive.Entry(ctx, ledger.Name(record)); err != nil {
		return recordProblem(record, err)
	}
	text, err := r.wanted()
	if err != nil {
		return err
	}
	if r.archived, err = policy.Parse(text); err != nil {
		return fmt.Errorf("KMS would refuse the archived policy, which is malformed: %s:%w", archivedName, err)
	}
	arn := r.entry.Record.KeyARN
	if r.subject, err = r.request.place.live(ctx, r.keys, arn); err != nil {
		return fmt.Errorf("%s: %w", arn, err)
	}
	if r.subject.key.AWSManaged {
		return fmt.Errorf("%s is managed by AWS, and its policy cannot be changed", arn)
	}
	if text, err = r.keys.Policy(ctx, arn); err != nil {
		return fmt.Errorf("what would change cannot be shown, because the key's policy cannot be read: %w", err)
	}
	if r.live, err = policy.Parse(text); err != nil {
		return fmt.Errorf("what would change cannot be shown, because the key's policy is malformed: %s:%w", liveName, err)
	}
	r.result = restoration{
		Configuration: r.checker.used, Record: record, KeyARN: arn, Before: r.live.Hash(r.subject.key.Partition),
		After: r.archived.Hash(r.subject.key.Partition), Replaced: text,
	}
	return nil
}

// wanted returns the text of the policy to put back.
func (r *restoring) wanted() (string, error) {
	if r.request.superseded == "" {
		return r.entry.Record.Before.Text, nil
	}
	for _, s := range r.entry.Superseded {
		if s.Policy.Hash == r.request.superseded {
			return s.Policy.Text, nil
		}
	}
	return "", fmt.Errorf("--superseded: the record has no such policy among its %d; kmsguard history --key-id %s --output json has their hashes",
		len(r.entry.Superseded), r.entry.Record.KeyARN)
}

// write puts the policy back by the one door that there is, if the key still has the policy
// that was shown.
func (r *restoring) write(ctx context.Context) error {
	e := enforcer.New(enforcer.Config{
		Keys: r.keys, Archive: r.archive, Configuration: r.checker.configuration, Version: app.Version,
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Pause: pause,
	})
	name, err := e.Restore(ctx, enforcer.Restore{
		Key: r.subject.key, Shown: r.result.Before, Policy: ledger.PolicyText{Text: r.archived.Text(), Hash: r.result.After},
		Actor: guardrail.Actor{ARN: r.caller(ctx), Type: "Restore", UserAgent: "kmsguard " + app.Version}, Name: "restore-" + rand.Text(),
	})
	r.result.Archived = string(name)
	switch {
	case err == nil:
		return r.end(restored, exitFine)
	case errors.Is(err, enforcer.ErrChanged):
		return r.end(changedMeanwhile, exitDifferent)
	case errors.Is(err, ledger.ErrBusy), name == "":
		return fmt.Errorf("%w; nothing was written", err)
	case errors.Is(err, inspect.ErrAccessDenied), errors.Is(err, inspect.ErrRefused), errors.Is(err, inspect.ErrNotFound):
		return fmt.Errorf("KMS did not take the policy, and nothing was written: %w", err)
	default:
		return fmt.Errorf("%w; whether it was written is not known: the same command tells, once the claim has ended (two minutes)", err)
	}
}

// caller is who restores, by AWS; who cannot be asked for is the user of this machine.
func (r *restoring) caller(ctx context.Context) string {
	aws, err := r.options.aws.load(ctx)
	if err == nil {
		var identity *sts.GetCallerIdentityOutput
		if identity, err = sts.NewFromConfig(aws).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err == nil && identity.Arn != nil {
			return *identity.Arn
		}
	}
	r.options.streams.note("note: AWS does not say who you are; the record names the user of this machine")
	host, _ := os.Hostname()
	return os.Getenv("USER") + "@" + host
}

// pause waits, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
