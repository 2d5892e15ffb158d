package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// noAWS takes the credentials and the configuration of whoever runs the tests away.
func noAWS(t *testing.T, configuration string) {
	t.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", write(t, "config", configuration))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, "credentials", ""))
}

const ssoProfile = "[profile dev]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n"

// TestAWSProblemsAreOneSentenceWithTheNextStep of the SDK's own errors.
func TestAWSProblemsAreOneSentenceWithTheNextStep(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	here := []string{"--region", "us-east-1"}
	tests := []struct {
		because string
		keys    bool // are there credentials?
		args    []string
		want    string
	}{
		{"no credentials", false, here, "describing the key: there are no AWS credentials; aws configure list says where they are looked for, and --profile names others"},
		{"no such profile", false, append(here, "--profile", "none"), `there is no AWS profile "none"; aws configure list-profiles lists those that there are`},
		{"no SSO session", false, append(here, "--profile", "dev"), "describing the key: the AWS SSO session has ended, or never began; begin one with aws sso login and the same --profile"},
		{"no Region", true, nil, "describing the key: there is no Region; name one with --region, or set AWS_REGION"},
		{"nobody is there", true, append(here, "--endpoint-url", closed.URL), "describing the key: " + strings.TrimPrefix(closed.URL, "http://") + " does not answer (connect: connection refused); check --endpoint-url and the network"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			noAWS(t, ssoProfile)
			if test.keys {
				t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
				t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			}
			args := append([]string{"check", "--default-config", "--key-id", "alias/x"}, test.args...)
			got := kmsguard(t, "", args...)
			got.check(t, exitError, "", test.want+"\n")
			if strings.Count(got.err, "\n") != 1 || strings.Contains(got.err, "operation error") {
				t.Errorf("want one line in words, got %s", got.err)
			}
		})
	}
}

func TestRefusedCredentialsAreOneSentence(t *testing.T) {
	for code, want := range refusals {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"in the words of AWS"}`, code)
		}))
		t.Cleanup(server.Close)
		noAWS(t, "")
		t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
		kmsguard(t, "", "check", "--default-config", "--region", "us-east-1", "--endpoint-url", server.URL, "--key-id", "alias/x").check(t, exitError, "", "kmsguard: alias/x: describing the key: "+want+"\n")
		kmsguard(t, "", "scan", "--default-config", "--region", "us-east-1", "--endpoint-url", server.URL).check(t, exitError, "", "kmsguard: listing the keys of us-east-1: "+want+"\n")
	}
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	for _, err := range []error{errDiskFull, fmt.Errorf("access denied: %w", errDiskFull), errors.New("operation error KMS: DescribeKey, something new")} {
		if got := plain(err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestAHostThatDoesNotExistIsNamed(t *testing.T) {
	err := fmt.Errorf("describing the key: operation error KMS: DescribeKey, %w", &url.Error{Op: "Post", URL: "https://kms.us-east-9.amazonaws.com/", Err: &net.DNSError{Err: "no such host", Name: "kms.us-east-9.amazonaws.com", IsNotFound: true}})
	const want = "describing the key: there is no host kms.us-east-9.amazonaws.com; check --region, --endpoint-url and the network"
	if got := plain(err).Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEndpointsThatAreNoURL(t *testing.T) {
	for _, endpoint := range []string{"nonsense", "127.0.0.1:4566", "ftp://a", "http://", "://"} {
		kmsguard(t, "", "scan", "--default-config", "--endpoint-url", endpoint).check(t, exitError, "", "is not a URL, such as http://127.0.0.1:4566 (see kmsguard scan --help)")
	}
}
