package archive

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
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
	"AccessDenied":                 enforcer.ErrArchive,
	"AccountProblem":               enforcer.ErrArchive,
	"AllAccessDisabled":            enforcer.ErrArchive,
	"AuthorizationHeaderMalformed": enforcer.ErrArchive,
	"EntityTooLarge":               enforcer.ErrArchive,
	"InvalidArgument":              enforcer.ErrArchive,
	"InvalidBucketName":            enforcer.ErrArchive,
	"InvalidObjectState":           enforcer.ErrArchive,
	"InvalidRequest":               enforcer.ErrArchive,
	"KMS.DisabledException":        enforcer.ErrArchive,
	"KMS.InvalidStateException":    enforcer.ErrArchive,
	"KMS.NotFoundException":        enforcer.ErrArchive,
	"KeyTooLongError":              enforcer.ErrArchive,
	"MethodNotAllowed":             enforcer.ErrArchive,
	"NoSuchBucket":                 enforcer.ErrArchive,
	"NotImplemented":               enforcer.ErrArchive,
	"PermanentRedirect":            enforcer.ErrArchive,
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
	return fmt.Errorf("%w: %s: %s", enforcer.ErrCorrupt, name, fmt.Sprintf(format, values...))
}

// refuse is the error about something that cannot be archived.
func refuse(format string, values ...any) error {
	return fmt.Errorf("%w: %s", enforcer.ErrArchive, fmt.Sprintf(format, values...))
}

// taken tells whether somebody else has an object, or is about to.
func taken(err error) bool { return errors.Is(err, errTaken) || errors.Is(err, errContended) }

// busy turns the error of a creation that somebody else won into ErrBusy.
func busy(err error) error {
	if taken(err) {
		return fmt.Errorf("%w: %w", enforcer.ErrBusy, err)
	}
	return err
}
