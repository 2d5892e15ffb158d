package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// archiveFlags name the archive of the repairs.
type archiveFlags struct{ bucket string }

// archiveManual is the part about these flags in the help of a command.
const archiveManual = `The archive is the bucket of --archive, else of ` + app.EnvArchiveBucket + `; --region is the bucket's Region. To
read it, s3:ListBucket and s3:GetObject are needed, and kms:Decrypt where a key encrypts the
bucket; restore also writes into it. Where ` + app.EnvArchiveOwner + ` or ` + app.EnvAccount + `
is set, the bucket must belong to that account.`

func (f *archiveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.bucket, "archive", "", "`BUCKET` of the archive (that of "+app.EnvArchiveBucket+")")
}

// open returns AWS KMS and the archive, both called as the global flags say.
func (f *archiveFlags) open(ctx context.Context, o *options) (*awskms.Client, *archive.Archive, error) {
	bucket := either(f.bucket, os.Getenv(app.EnvArchiveBucket))
	if bucket == "" {
		return nil, nil, misuse("the archive is not known: --archive, or %s, names its bucket", app.EnvArchiveBucket)
	}
	aws, err := o.aws.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	records, err := archive.New(aws, archive.Options{Bucket: bucket, BucketOwner: either(os.Getenv(app.EnvArchiveOwner), os.Getenv(app.EnvAccount))}, pathStyle)
	if err != nil {
		return nil, nil, err
	}
	return awskms.New(aws, 1), records, nil
}

// recordProblem words an error about one record.
func recordProblem(record string, err error) error {
	if errors.Is(err, ledger.ErrNoRecord) {
		return fmt.Errorf("the archive has no record %.400q; kmsguard history --key-id ID lists those of a key", record)
	}
	return fmt.Errorf("reading the archive: %w", err)
}
