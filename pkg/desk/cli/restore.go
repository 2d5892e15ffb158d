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
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// restoreManual is the long help of restore.
const restoreManual = `restore puts the policy back that a key had before an archived repair, byte for byte. RECORD
is the id that history lists and outcomes carry; the key is the record's. It shows first what
would change, as diff does, and what guardrail.yaml says of the policy: name the deployed one,
since what the guardrail does not permit it repairs again. To keep such a policy, give the key an
exemption or a rule with mode: report, or pull the kill switch (GUARDRAIL_MODE_MAX=report in
the function's environment) before.

Without --yes nothing is written, unless somebody at a terminal answers y. Nothing is ever
written that would lock everybody out, or that KMS would refuse; KMS's own lockout check stays
on. The restore goes the way of a repair: the policy that it replaces is archived, the key is
claimed in its ledger, and the key's policy is read again directly before the write. One that was
changed in between ends the command; KMS has no write that depends on what is there, so that a
change at the same moment is lost. While a repair of the key is under way nothing is written.
Budget and hourly limits do not count a restore.

` + configManual + `

` + archiveManual + ` With your AWS
credentials it also calls DescribeKey, GetKeyPolicy, ListAliases, ListResourceTags, PutKeyPolicy
and, for the record, sts:GetCallerIdentity, and needs s3:PutObject on keys/*, records/* and
pending/* of the archive, and s3:DeleteObject on pending/*.

The exit code is 0 for restored, and for a key that has the policy already; 1 where nothing
was written because nobody confirmed it or the policy was changed meanwhile; 2 where the policy
cannot be put back, with the reason; 3 where it is not decided who could change it again.`

// restoreFlags are those of the command.
type restoreFlags struct {
	archive    archiveFlags
	place      place
	superseded string
	yes        bool
}

func newRestore(o *options) *cobra.Command {
	var flags restoreFlags
	cmd := &cobra.Command{
		Use:   "restore RECORD",
		Short: "Put the policy back that a key had before an archived repair",
		Long:  restoreManual,
		Example: "  kmsguard restore records/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261127T101500.123456Z-0123456789abcdef\n" +
			"  kmsguard restore --yes --config guardrail.yaml --archive my-archive records/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261127T101500.123456Z-0123456789abcdef",
		Annotations: concerns(readsConfiguration, judges, callsAWS),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("expected the id of one record, as kmsguard history lists it, got %d", len(args))
			}
			if err := flags.place.check(); err != nil {
				return err
			}
			checker, err := o.newChecker(rules.Low)
			if err != nil {
				return err
			}
			keys, records, err := flags.archive.open(cmd.Context(), o)
			if err != nil {
				return err
			}
			r := restoring{cmd: cmd, flags: &flags, checker: checker, options: o, keys: keys, archive: records}
			return r.run(args[0])
		},
	}
	flags.archive.add(cmd)
	flags.place.add(cmd)
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "write, without a question")
	cmd.Flags().StringVar(&flags.superseded, "superseded", "",
		"put back the policy with this `HASH` that somebody else put meanwhile, and the repair replaced (history --output json has them)")
	return cmd
}

// restoring is one run of restore.
type restoring struct {
	cmd     *cobra.Command
	flags   *restoreFlags
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
func (r *restoring) run(record string) error {
	ctx := r.cmd.Context()
	if err := r.gather(ctx, record); err != nil {
		return err
	}
	if r.live.Hash(r.subject.key.Partition) == r.archived.Hash(r.subject.key.Partition) {
		return r.end(alreadyThere, exitFine)
	}
	if err := r.refuse(); err != nil {
		return err
	}
	if err := r.judge(r.cmd.Context()); err != nil {
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
	if r.subject, err = r.flags.place.live(ctx, r.keys, arn); err != nil {
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
		Record: record, KeyARN: arn, Before: r.live.Hash(r.subject.key.Partition),
		After: r.archived.Hash(r.subject.key.Partition), Replaced: text,
	}
	return nil
}

// wanted returns the text of the policy to put back.
func (r *restoring) wanted() (string, error) {
	if r.flags.superseded == "" {
		return r.entry.Record.Before.Text, nil
	}
	for _, s := range r.entry.Superseded {
		if s.Policy.Hash == r.flags.superseded {
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
	r.cmd.PrintErrln("note: AWS does not say who you are; the record names the user of this machine")
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
