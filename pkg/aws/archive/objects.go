package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// maxBytes bounds an object. A key policy is at most 32 KiB.
	maxBytes = 1 << 20
	// maxNames bounds one listing.
	maxNames = 200_000
)

// objects reads and writes the objects of one bucket. Its errors are classified.
type objects struct {
	api      *s3.Client
	bucket   string
	owner    *string
	pageSize *int32 // nil is S3's own
}

// replace writes an object whose current version has an ETag, or ("") that does not exist,
// and returns its new ETag. It has also succeeded if the object has these bytes already: then
// an earlier try did it. errTaken: the object has another version.
func (o objects) replace(ctx context.Context, name string, body []byte, etag string) (string, error) {
	next, err := o.put(ctx, name, body, func(in *s3.PutObjectInput) {
		if etag == "" {
			in.IfNoneMatch = aws.String("*")
		} else {
			in.IfMatch = &etag
		}
	})
	if !errors.Is(err, errTaken) {
		return next, err
	}
	present, current, readErr := o.read(ctx, name)
	switch {
	case readErr != nil:
		return "", readErr
	case bytes.Equal(present, body):
		return current, nil
	default:
		return "", err
	}
}

func (o objects) put(ctx context.Context, name string, body []byte, on func(*s3.PutObjectInput)) (string, error) {
	if len(body) > maxBytes {
		return "", refuse("%s would have %d bytes, more than %d", name, len(body), maxBytes)
	}
	in := &s3.PutObjectInput{
		Bucket: &o.bucket, Key: &name, ExpectedBucketOwner: o.owner,
		Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
	}
	on(in)
	out, err := o.api.PutObject(ctx, in)
	if err != nil {
		return "", classify("writing", name, err)
	}
	return aws.ToString(out.ETag), nil
}

// read returns an object and its ETag.
func (o objects) read(ctx context.Context, name string) (body []byte, etag string, err error) {
	out, err := o.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &name, ExpectedBucketOwner: o.owner})
	if err != nil {
		return nil, "", classify("reading", name, err)
	}
	defer func() { _ = out.Body.Close() }() // all of it was read, or the error is known
	body, err = io.ReadAll(io.LimitReader(out.Body, maxBytes+1))
	switch {
	case err != nil:
		return nil, "", classify("reading", name, err)
	case len(body) > maxBytes:
		return nil, "", corrupt(name, "it has more than %d bytes", maxBytes)
	}
	return body, aws.ToString(out.ETag), nil
}

// remove deletes the current version of an object. It need not exist.
func (o objects) remove(ctx context.Context, name string) error {
	_, err := o.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.bucket, Key: &name, ExpectedBucketOwner: o.owner})
	if err != nil {
		return classify("deleting", name, err)
	}
	return nil
}

// list yields the names with a prefix that come after a name, in their order. After an
// error there are no more.
func (o objects) list(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		pages := s3.NewListObjectsV2Paginator(o.api, &s3.ListObjectsV2Input{
			Bucket: &o.bucket, Prefix: &prefix, StartAfter: orNil(after), MaxKeys: o.pageSize, ExpectedBucketOwner: o.owner,
		})
		for count := 0; pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", classify("listing", prefix, err))
				return
			}
			for _, object := range page.Contents {
				if count++; count > maxNames {
					yield("", refuse("there are more than %d objects under %s", maxNames, prefix))
					return
				}
				if !yield(aws.ToString(object.Key), nil) {
					return
				}
			}
		}
	}
}
