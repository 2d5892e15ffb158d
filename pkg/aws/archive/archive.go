package archive

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// attempts is how often one call is tried. Few: what stays unanswered goes back
// to the queue, which waits better than a function that is paid for waiting.
const attempts = 3

// Options of an Archive.
type Options struct {
	// Bucket is its name.
	Bucket string
	// BucketOwner is the account that must own the bucket, so that nothing is written
	// into a bucket that somebody else made under the name of a deleted one. "" does
	// not check. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
	BucketOwner string
	// Invocation is the longest that the holder of a claim can live after claiming: the
	// function's timeout. Another attempt at the same message may take the claim over
	// after it, and after enforcer.Limits.Settle. 0 is enforcer.LockTime.
	Invocation time.Duration
	// Lock is how long other events of the key wait for a claim that is not written. It
	// is not shorter than Invocation. 0 is enforcer.LockTime.
	Lock time.Duration
}

// Archive is the archive in one bucket. It has no state of its own and may be used by
// several goroutines.
type Archive struct {
	objects objects
	options Options
}

// New returns an archive that calls S3 as the configuration says; with may change the
// client further. An error says which option is wrong.
func New(config aws.Config, options Options, with ...func(*s3.Options)) (*Archive, error) {
	if options.Invocation == 0 {
		options.Invocation = enforcer.LockTime
	}
	if options.Lock == 0 {
		options.Lock = enforcer.LockTime
	}
	switch {
	case options.Bucket == "":
		return nil, errors.New("the archive needs the name of its bucket")
	case options.Invocation < 0 || options.Lock < options.Invocation:
		return nil, errors.New("the archive's lock time is shorter than an invocation can live")
	}
	ours := func(o *s3.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = attempts })
		// Object Lock wants a checksum with every PutObject, and a hand-made
		// configuration has none. https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
	api := s3.NewFromConfig(config, append([]func(*s3.Options){ours}, with...)...)
	return &Archive{
		objects: objects{api: api, bucket: options.Bucket, owner: orNil(options.BucketOwner)},
		options: options,
	}, nil
}

// orNil returns nil for "".
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
