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

// classes maps the error codes of S3 that are not transient. All others (SlowDown, 5xx,
// time-outs, OperationAborted, expired credentials, clock skew, and what is not known
// yet) may go away by trying again. The KMS ones are about the key that encrypts the bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
var classes = map[string]error{
	"NoSuchKey":                    errAbsent,
	"PreconditionFailed":           errTaken,
	"ConditionalRequestConflict":   errContended,
	"AccessDenied":                 ledger.ErrArchive,
	"AccountProblem":               ledger.ErrArchive,
	"AllAccessDisabled":            ledger.ErrArchive,
	"AuthorizationHeaderMalformed": ledger.ErrArchive,
	"EntityTooLarge":               ledger.ErrArchive,
	"InvalidArgument":              ledger.ErrArchive,
	"InvalidBucketName":            ledger.ErrArchive,
	"InvalidObjectState":           ledger.ErrArchive,
	"InvalidRequest":               ledger.ErrArchive,
	"KMS.DisabledException":        ledger.ErrArchive,
	"KMS.InvalidStateException":    ledger.ErrArchive,
	"KMS.NotFoundException":        ledger.ErrArchive,
	"KeyTooLongError":              ledger.ErrArchive,
	"MethodNotAllowed":             ledger.ErrArchive,
	"NoSuchBucket":                 ledger.ErrArchive,
	"NotImplemented":               ledger.ErrArchive,
	"PermanentRedirect":            ledger.ErrArchive,
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
