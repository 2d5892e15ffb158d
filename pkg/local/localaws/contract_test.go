package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
)

// contractCase is one rule of AWS KMS, driven through the real SDK client. It
// holds for the embedded AWS, and for moto unless moto says why it does not.
type contractCase struct {
	name string // the rule
	link string // where AWS documents it
	moto string // the reason why moto differs; "" where it must hold too
	run  func(t *testing.T, w world)
}

// world is a server under contract with one account and an administrator.
type world struct {
	account string // 12 digits
	client  func(region string) *kms.Client
	// The rest is the embedded AWS's own: nil for moto.
	cloud *Cloud
	own   *Account
	admin Identity
	clock *clock
}

func contractCases() []contractCase {
	var all []contractCase
	for _, group := range [][]contractCase{keyCases, identifierCases, listCases, policyFormCases, principalCases,
		lockoutCases, readBackCases, multiRegionCases, deletionCases, accessCases} {
		all = append(all, group...)
	}
	return all
}

func TestContractOfEmbeddedAWS(t *testing.T) {
	for _, c := range contractCases() {
		t.Run(c.name, func(t *testing.T) {
			if !strings.HasPrefix(c.link, "https://docs.aws.amazon.com/") {
				t.Fatalf("the case has no link to AWS's documentation: %q", c.link)
			}
			c.run(t, newWorld(t))
		})
	}
}

// TestContractOfMoto runs the same cases against moto, a second opinion that
// nobody needs to have. The known differences are those of moto 5.2.1: a case
// that fails with another version wants its reason, or -short to leave it out.
// Whatever happens, one line begins with "contract with moto:" and says how many cases
// are a second opinion and how many are not; go test hides it without -v, so make test
// runs this test by itself and prints it.
func TestContractOfMoto(t *testing.T) {
	endpoint := startMoto(t)
	var passed, skipped, failed int
	for _, c := range contractCases() {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				switch {
				case t.Skipped():
					skipped++
				case t.Failed():
					failed++
				default:
					passed++
				}
			}()
			if c.moto != "" {
				t.Skip("moto " + c.moto)
			}
			c.run(t, world{account: "123456789012", client: func(region string) *kms.Client {
				return kms.New(kms.Options{Region: region, BaseEndpoint: &endpoint, Credentials: motoCredentials})
			}})
		})
	}
	t.Logf("proof: contract with moto: %d of %d cases passed, %d skipped because moto is known to differ, %d failed",
		passed, passed+skipped+failed, skipped, failed)
}

// withoutMoto skips the test and says what is missing by it.
func withoutMoto(t *testing.T, reason string) {
	t.Helper()
	t.Skipf("proof: contract with moto: none of %d cases ran (%s); the embedded AWS alone was checked", len(contractCases()), reason)
}

var motoCredentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "example"}, nil
})

// startMoto runs moto_server on a free loopback port until the test ends, or
// skips the test.
func startMoto(t *testing.T) (endpoint string) {
	path, err := exec.LookPath("moto_server")
	if err != nil {
		withoutMoto(t, "moto_server is not installed")
	}
	if testing.Short() {
		withoutMoto(t, "-short: moto takes seconds to start")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close() // the port is now free for moto
	server := exec.CommandContext(t.Context(), path, "-H", host, "-p", port)
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a launcher script may have children
	if err := server.Start(); err != nil {
		withoutMoto(t, fmt.Sprintf("moto_server does not start: %v", err))
	}
	exited := make(chan struct{})
	go func() {
		_ = server.Wait() // it is killed in the end
		close(exited)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL) // it may have ended by itself
		<-exited
	})
	endpoint = "http://" + net.JoinHostPort(host, port)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/moto-api/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = answer.Body.Close()
			return endpoint
		}
		select {
		case <-exited:
			withoutMoto(t, fmt.Sprintf("moto_server does not run: %s", server.ProcessState))
		default:
		}
	}
	withoutMoto(t, "moto_server did not answer within 30 seconds")
	return ""
}

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newWorld(t *testing.T) world {
	return newWorldWith(t, Options{})
}

func newWorldWith(t *testing.T, options Options) world {
	t.Helper()
	clock := &clock{at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	options.Clock, options.Seed = clock.now, 1
	cloud := Start(options)
	t.Cleanup(cloud.Close)
	account := cloud.AddAccount("111122223333", AccountOptions{})
	admin := account.AddUser("Admin", PrincipalOptions{Policies: []string{AllowAll}})
	w := world{account: account.ID, cloud: cloud, own: account, admin: admin, clock: clock}
	w.client = func(region string) *kms.Client { return w.as(admin, region) }
	return w
}

// as returns a client of the embedded AWS for an identity. It does not retry:
// a case sees each answer.
func (w world) as(id Identity, region string) *kms.Client {
	return kms.NewFromConfig(w.cloud.Config(id, region), func(o *kms.Options) { o.RetryMaxAttempts = 1 })
}

const (
	virginia = "us-east-1"
	ireland  = "eu-west-1"
	beijing  = "cn-north-1"
)

var ctx = context.Background()

// wantError checks the error code, and the message where one is given.
func wantError(t *testing.T, err error, code string, message ...string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("error is %v, want %s", err, code)
	}
	for _, m := range message {
		if !strings.Contains(api.ErrorMessage(), m) {
			t.Fatalf("message is %q, want %q in it", api.ErrorMessage(), m)
		}
	}
}

// must takes the error out of a call that has to succeed.
func must[T any](output T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return output
	}
}

// newKey creates a key and returns its id and ARN.
func newKey(t *testing.T, client *kms.Client, in *kms.CreateKeyInput) (id, arn string) {
	t.Helper()
	m := must(client.CreateKey(ctx, in))(t).KeyMetadata
	return *m.KeyId, *m.Arn
}

func newDefaultKey(t *testing.T, client *kms.Client) (id, arn string) {
	t.Helper()
	return newKey(t, client, &kms.CreateKeyInput{})
}

// put puts a key policy without bypassing the lockout check.
func put(client *kms.Client, id, policy string) error {
	_, err := client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: &policy, PolicyName: aws.String("default")})
	return err
}

func get(t *testing.T, client *kms.Client, id string) string {
	t.Helper()
	return *must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("default")}))(t).Policy
}
