package awskms_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// errTransient stands for an error of no class: the same call may succeed later.
var errTransient = errors.New("transient")

// attempts is how often a call is tried before its error is given back.
const attempts = 3

func checkClass(t *testing.T, err, want error) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v", want)
	}
	for _, class := range []error{inspect.ErrNotFound, inspect.ErrAccessDenied, inspect.ErrRefused, inspect.ErrInvalidPrincipal} {
		if errors.Is(err, class) != errors.Is(want, class) {
			t.Errorf("error %q, want class %q", err, want)
		}
	}
}

func TestEveryErrorOfKMSHasItsClass(t *testing.T) {
	t.Parallel()
	always := func(kind localaws.FaultKind) *localaws.Fault { return &localaws.Fault{Kind: kind, Times: 100} }
	for _, row := range []struct {
		name   string
		fault  *localaws.Fault
		call   func(*testing.T, *world, string) error
		want   error
		says   string // part of the error
		calls  int    // that reach KMS
		reason string
	}{
		{"throttled", always(localaws.Throttle), policyOf, errTransient, "ThrottlingException", attempts, "the rate falls again"},
		{"internal error", always(localaws.InternalError), describe, errTransient, "KMSInternalException", attempts, "KMS recovers"},
		{"connection closed", always(localaws.TimeoutBefore), describe, errTransient, "", attempts, "nothing is known of the call"},
		{"connection closed after the write", always(localaws.TimeoutAfter), putDefault, errTransient, "", 1, "it may have taken effect: another try would replace what somebody put since"},
		{"throttled write", always(localaws.Throttle), putDefault, errTransient, "ThrottlingException", attempts, "nothing was done"},
		{"internal error of a write", always(localaws.InternalError), putDefault, errTransient, "KMSInternalException", 1, "it may have taken effect"},
		{"denied", always(localaws.AccessDenied), policyOf, inspect.ErrAccessDenied, "AccessDeniedException", 1, "permissions do not come by asking again"},
		{"denied to write", always(localaws.AccessDenied), putDefault, inspect.ErrAccessDenied, "AccessDeniedException", 1, "the same"},
		{"not found", always(localaws.NotFound), describe, inspect.ErrNotFound, "NotFoundException", 1, "the enforcer knows how old the key is"},
		{"no such key", nil, func(t *testing.T, w *world, arn string) error { return describe(t, w, arn[:len(arn)-4]+"0000") }, inspect.ErrNotFound, "does not exist", 1, "it is gone"},
		{"a key of another account", nil, func(t *testing.T, w *world, arn string) error {
			return policyOf(t, w, strings.Replace(arn, "111122223333", "444455556666", 1))
		}, inspect.ErrAccessDenied, "AccessDeniedException", 1, "key policies are not for other accounts"},
		{"not an ARN", nil, func(t *testing.T, w *world, _ string) error { return describe(t, w, "alias/x") }, inspect.ErrRefused, "not an ARN", 0, "whose Region would it be?"},
		{"no ARN to read", nil, func(t *testing.T, w *world, _ string) error { return policyOf(t, w, "") }, inspect.ErrRefused, "not an ARN", 0, "the same"},
		{"no ARN to write", nil, func(t *testing.T, w *world, _ string) error { return w.client.PutPolicy(t.Context(), "x", "{}") }, inspect.ErrRefused, "not an ARN", 0, "the same"},
		{"an alias ARN", nil, func(t *testing.T, w *world, _ string) error {
			return policyOf(t, w, "arn:aws:kms:us-east-1:111122223333:alias/x")
		}, inspect.ErrRefused, "InvalidArnException", 1, "GetKeyPolicy takes none"},
		{"malformed", nil, put("nonsense"), inspect.ErrRefused, "MalformedPolicyDocumentException", 1, "it stays malformed"},
		{"locks out", nil, put(lockout), inspect.ErrRefused, "will not allow you to update the key policy", 1, "the safety check is on"},
		{"unknown principal", nil, put(strings.Replace(lockout, ":root", ":role/Nobody", 1)), inspect.ErrInvalidPrincipal, "invalid principals", 1, "somebody has to correct the setting"},
		{"too large", nil, put(strings.Replace(lockout, `"*"`, `"`+strings.Repeat("*", 33000)+`"`, 1)), inspect.ErrRefused, "LimitExceededException", 1, "it stays too large"},
		{"characters that KMS does not take", nil, put("\u2603"), inspect.ErrRefused, "ValidationException", 1, "they stay"},
		{"credentials that ended", nil, func(t *testing.T, w *world, arn string) error {
			w.Cloud.DeletePrincipal(w.Guardrail.PrincipalARN)
			return describe(t, w, arn)
		}, errTransient, "UnrecognizedClientException", 1, "Lambda renews them"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, virginia)
			arn := w.Create(&kms.CreateKeyInput{})
			w.Cloud.ResetCalls()
			if row.fault != nil {
				w.Cloud.Inject(*row.fault)
			}
			err := row.call(t, w, arn)
			checkClass(t, err, row.want)
			if !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %q does not say %q: %s", err, row.says, row.reason)
			}
			if calls := len(w.Cloud.Calls()); calls != row.calls && row.says != "UnrecognizedClientException" {
				t.Errorf("%d calls, want %d: %s", calls, row.calls, row.reason)
			}
		})
	}
}

const lockout = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt","Resource":"*"}}`

func describe(t *testing.T, w *world, arn string) error {
	t.Helper()
	_, err := w.client.Describe(t.Context(), arn)
	return err
}

func policyOf(t *testing.T, w *world, arn string) error {
	t.Helper()
	_, err := w.client.Policy(t.Context(), arn)
	return err
}

func put(policy string) func(*testing.T, *world, string) error {
	return func(t *testing.T, w *world, arn string) error {
		t.Helper()
		return w.client.PutPolicy(t.Context(), arn, policy)
	}
}

var putDefault = put(strings.Replace(lockout, "kms:Decrypt", "kms:*", 1))

// The errors that the API reference lists for the three operations, and those that all
// operations share, as KMS answers them: few can be provoked on embedded KMS.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#API_PutKeyPolicy_Errors
// https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
func TestEveryDocumentedErrorCodeHasItsClass(t *testing.T) {
	for _, row := range []struct {
		code   string
		status int
		want   error
	}{
		{"NotFoundException", 400, inspect.ErrNotFound},
		{"AccessDeniedException", 400, inspect.ErrAccessDenied},
		{"InvalidArnException", 400, inspect.ErrRefused},
		{"KMSInvalidStateException", 400, inspect.ErrRefused},
		{"LimitExceededException", 400, inspect.ErrRefused},
		{"MalformedPolicyDocumentException", 400, inspect.ErrRefused},
		{"UnsupportedOperationException", 400, inspect.ErrRefused},
		{"ValidationException", 400, inspect.ErrRefused},
		{"DependencyTimeoutException", 503, errTransient},
		{"KMSInternalException", 500, errTransient},
		{"ThrottlingException", 400, errTransient},
		{"ServiceUnavailable", 503, errTransient},
		{"RequestExpired", 400, errTransient},
		{"ExpiredTokenException", 400, errTransient},
		{"UnrecognizedClientException", 400, errTransient},
		{"OptInRequired", 400, errTransient},
		{"SomethingNewException", 400, errTransient},
	} {
		t.Run(row.code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the pauses between attempts take no time
				_, err := describeAnswer(t.Context(), row.status, `{"__type":"`+row.code+`","message":"so it is"}`)
				checkClass(t, err, row.want)
				if !strings.Contains(err.Error(), row.code) || !strings.Contains(err.Error(), "so it is") {
					t.Errorf("%q hides the code or the message of KMS", err)
				}
			})
		})
	}
}

func TestACallSurvivesAFaultThatPasses(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.FaultKind{localaws.Throttle, localaws.InternalError, localaws.TimeoutBefore, localaws.TimeoutAfter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, virginia)
			arn := w.Create(&kms.CreateKeyInput{})
			w.Cloud.Inject(localaws.Fault{Kind: kind, Times: attempts - 1})
			if err := describe(t, w, arn); err != nil {
				t.Error(err)
			}
		})
	}
}
