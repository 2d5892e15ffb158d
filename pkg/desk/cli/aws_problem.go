package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
)

// plain returns an error of the way to AWS as one sentence that says what to do next, after what
// this tool was about to do. Other errors it returns as they are.
func plain(err error) error {
	sentence := awsProblem(err)
	if sentence == "" {
		return err
	}
	what, _, ok := strings.Cut(err.Error(), "operation error ")
	if !ok {
		what = ""
	}
	return errors.New(what + sentence)
}

// refusals are the codes with which AWS refuses the credentials of any call.
// https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
var refusals = map[string]string{ //nolint:gosec // codes and sentences, no secrets
	"ExpiredTokenException":       "the AWS credentials have expired; get new ones, such as with aws sso login",
	"ExpiredToken":                "the AWS credentials have expired; get new ones, such as with aws sso login",
	"UnrecognizedClientException": "AWS does not take the access key: it does not exist, or the Region is not enabled for the account; aws sts get-caller-identity says who you are",
	"InvalidClientTokenId":        "AWS does not take the access key: it does not exist, or the Region is not enabled for the account; aws sts get-caller-identity says who you are",
	"InvalidSignatureException":   "AWS does not take the signature: the secret access key is wrong, or the clock of this machine; aws configure sets the key",
	"SignatureDoesNotMatch":       "AWS does not take the signature: the secret access key is wrong, or the clock of this machine; aws configure sets the key",
}

// awsProblem says what is wrong with the way to AWS, and what to do next; "" where it is
// something else. The SDK has no types for most of these, so some are known by their text.
func awsProblem(err error) string {
	if err == nil {
		return ""
	}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return refusals[answer.ErrorCode()]
	}
	var profile config.SharedConfigProfileNotExistError
	text := err.Error()
	switch {
	case errors.As(err, &profile):
		return fmt.Sprintf("there is no AWS profile %q; aws configure list-profiles lists those that there are", profile.Profile)
	case strings.Contains(text, "cached SSO token") || strings.Contains(text, "SSO session has expired"):
		return "the AWS SSO session has ended, or never began; begin one with aws sso login and the same --profile"
	case strings.Contains(text, "get credentials: "):
		return "there are no AWS credentials; aws configure list says where they are looked for, and --profile names others"
	case strings.Contains(text, "Missing Region"):
		return "there is no Region; name one with --region, or set AWS_REGION"
	default:
		return networkProblem(err)
	}
}

// networkProblem says which host did not answer, and why.
func networkProblem(err error) string {
	var request *url.Error
	if !errors.As(err, &request) {
		return ""
	}
	host := request.URL
	if u, err := url.Parse(request.URL); err == nil && u.Host != "" {
		host = u.Host
	}
	var name *net.DNSError
	if errors.As(err, &name) && name.IsNotFound {
		return fmt.Sprintf("there is no host %s; check --region, --endpoint-url and the network", host)
	}
	reason := request.Err
	var call *net.OpError
	if errors.As(err, &call) {
		reason = call.Err
	}
	return fmt.Sprintf("%s does not answer (%v); check --endpoint-url and the network", host, reason)
}

// checkEndpoint refuses what is no URL of a service.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return misuse("--endpoint-url: %q is not a URL, such as http://127.0.0.1:4566", endpoint)
	}
	return nil
}
