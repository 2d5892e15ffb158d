package awskms

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// classes maps the error codes of KMS that do not go away by trying again. All
// others (throttling, 5xx, time-outs, KMSInternalException, DependencyTimeoutException,
// expired credentials, and what is not known yet) are transient.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#API_PutKeyPolicy_Errors
// https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
var classes = map[string]error{
	"NotFoundException":                inspect.ErrNotFound,
	"AccessDeniedException":            inspect.ErrAccessDenied,
	"InvalidArnException":              inspect.ErrRefused,
	"KMSInvalidStateException":         inspect.ErrRefused,
	"LimitExceededException":           inspect.ErrRefused,
	"MalformedPolicyDocumentException": inspect.ErrRefused,
	"UnsupportedOperationException":    inspect.ErrRefused,
	"ValidationException":              inspect.ErrRefused,
}

// invalidPrincipals is how KMS says, in a MalformedPolicyDocumentException, that it does not
// know a principal. https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
const invalidPrincipals = "invalid principals"

// classify returns an error of one of the enforcer's classes, or the error
// itself where it is transient. The code and message of KMS stay in the text.
func classify(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	class, ok := classes[answer.ErrorCode()]
	switch {
	case !ok:
		return err
	case strings.Contains(answer.ErrorMessage(), invalidPrincipals):
		class = inspect.ErrInvalidPrincipal
	}
	return fmt.Errorf("%w: %s: %s", class, answer.ErrorCode(), answer.ErrorMessage())
}
