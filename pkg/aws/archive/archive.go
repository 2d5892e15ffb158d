package archive

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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
}

// Archive is the archive in one bucket. It has no state of its own and may be used by
// several goroutines.
type Archive struct {
	objects objects
}

// New returns an archive that calls S3 as the configuration says; with may change the
// client further. An error says which option is wrong.
func New(config aws.Config, options Options, with ...func(*s3.Options)) (*Archive, error) {
	if options.Bucket == "" {
		return nil, errors.New("the archive needs the name of its bucket")
	}
	ours := func(o *s3.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = attempts })
		// Object Lock wants a checksum with every PutObject, and a hand-made
		// configuration has none. https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
	api := s3.NewFromConfig(config, append([]func(*s3.Options){ours}, with...)...)
	return &Archive{objects{api: api, bucket: options.Bucket, owner: orNil(options.BucketOwner)}}, nil
}

// orNil returns nil for "".
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
