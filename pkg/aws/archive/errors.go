package archive

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// What S3 says about the object of a name, rather than about the call.
var (
	errAbsent    = errors.New("there is no such object")
	errTaken     = errors.New("there is another object of that name")
	errContended = errors.New("the object is being written by somebody else")
)

// classes maps the error codes of S3 that say something of the object. All others are transient:
// throttling, 5xx, time-outs, expired credentials, and a bucket that refuses the guardrail
// (AccessDenied, NoSuchBucket, a disabled key of the bucket's encryption). Somebody can mend each
// of these, and until then nothing may be acknowledged that was not handled.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
var classes = map[string]error{
	"NoSuchKey":                  errAbsent,
	"PreconditionFailed":         errTaken,
	"ConditionalRequestConflict": errContended,
	"EntityTooLarge":             ledger.ErrArchive,
	"InvalidObjectState":         ledger.ErrArchive, // the object was moved to cold storage
	"KeyTooLongError":            ledger.ErrArchive,
}

// classify returns an error of one of the classes, or the error itself where it is
// transient, with what was done to which object. The code and message of S3 stay in the text.
func classify(doing, name string, err error) error {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		if class, ok := classes[answer.ErrorCode()]; ok {
			return fmt.Errorf("%s %s: %w: %s: %s", doing, name, class, answer.ErrorCode(), answer.ErrorMessage())
		}
	}
	return fmt.Errorf("%s %s: %w", doing, name, err)
}

// corrupt is the error about an object that is not as its name promises.
func corrupt(name, format string, values ...any) error {
	return fmt.Errorf("%w: %s: %s", ledger.ErrCorrupt, name, fmt.Sprintf(format, values...))
}

// refuse is the error about something that cannot be archived.
func refuse(format string, values ...any) error {
	return fmt.Errorf("%w: %s", ledger.ErrArchive, fmt.Sprintf(format, values...))
}

// isLost tells whether somebody else wrote the object first, or is about to.
func isLost(err error) bool { return errors.Is(err, errTaken) || errors.Is(err, errContended) }
