package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// The test binary is the function too, when it is started with this variable.
const functionVariable = "LAMBDAHOST_TEST_FUNCTION"

func TestMain(m *testing.M) {
	switch os.Getenv(functionVariable) {
	case "":
		os.Exit(m.Run())
	case "broken": // reports that it cannot start, as Lambda's own runtimes do
		reportBrokenStart()
		time.Sleep(time.Minute) // the host ends it
	case "absent":
		fmt.Fprintln(os.Stderr, "nothing to run")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func reportBrokenStart() {
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
	body := strings.NewReader(`{"errorType":"Config","errorMessage":"no configuration"}`)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, body) //nolint:gosec // the address is the host's under test
	if err != nil {
		panic(err)
	}
	if answer, err := http.DefaultClient.Do(request); err == nil { //nolint:gosec // the address is the host's under test
		_ = answer.Body.Close()
	}
}

// handle is the function under test: the payload says what it does.
func handle(ctx context.Context, payload map[string]string) (map[string]string, error) {
	switch payload["do"] {
	case "fail":
		return nil, errors.New("as told")
	case "exit":
		fmt.Fprintln(os.Stderr, "leaving")
		os.Exit(2)
	case "sleep":
		<-ctx.Done()
		time.Sleep(time.Minute)
	case "large":
		return map[string]string{"x": strings.Repeat("x", maxPayload)}, nil
	}
	_, _ = fmt.Fprintln(os.Stdout, "handled", payload["n"])
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return map[string]string{"n": payload["n"], "request": lc.AwsRequestID, "function": lc.InvokedFunctionArn,
		"name": lambdacontext.FunctionName, "left": time.Until(deadline).Round(time.Second).String(),
		"secret": os.Getenv("LAMBDAHOST_TEST_SECRET")}, nil
}

// start runs the function in a fresh host.
func start(t *testing.T, options Options, kind string) (*Host, *Process) {
	t.Helper()
	host := Start(options)
	t.Cleanup(host.Close)
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process, err := host.Run(t.Context(), binary, []string{functionVariable + "=" + kind})
	if err != nil {
		t.Fatal(err)
	}
	return host, process
}

func TestFunctionGetsPayloadAndContext(t *testing.T) {
	t.Setenv("LAMBDAHOST_TEST_SECRET", "of the parent")
	host, process := start(t, Options{Timeout: 20 * time.Second}, "1")
	for n := range 3 {
		answer, err := host.Invoke(t.Context(), fmt.Appendf(nil, `{"n":"%d"}`, n))
		if err != nil {
			t.Fatal(err, process.Stderr())
		}
		var got map[string]string
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatal(err)
		}
		if got["n"] != fmt.Sprint(n) || got["name"] != "enforce" || got["left"] != "20s" || got["secret"] != "" ||
			got["request"] != fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1) ||
			got["function"] != "arn:aws:lambda:us-east-1:111122223333:function:enforce" {
			t.Errorf("answer %v", got)
		}
	}
	process.Kill()
	if out := process.Stdout(); out != "handled 0\nhandled 1\nhandled 2\n" {
		t.Errorf("stdout %q", out)
	}
}

func TestFunctionErrorIsReturned(t *testing.T) {
	host, _ := start(t, Options{}, "1")
	_, err := host.Invoke(t.Context(), []byte(`{"do":"fail"}`))
	var failure *FunctionError
	if !errors.As(err, &failure) || failure.Message != "as told" || failure.Init {
		t.Fatalf("error %v", err)
	}
	if _, err := host.Invoke(t.Context(), []byte(`{"n":"1"}`)); err != nil {
		t.Errorf("the next invocation: %v", err)
	}
}

func TestExitOfTheProcessEndsTheInvocation(t *testing.T) {
	host, _ := start(t, Options{}, "1")
	_, err := host.Invoke(t.Context(), []byte(`{"do":"exit"}`))
	if !errors.Is(err, ErrExited) || !strings.Contains(err.Error(), "leaving") || !strings.Contains(err.Error(), "exit status 2") {
		t.Errorf("error %v", err)
	}
}

func TestInvocationEndsAtItsDeadline(t *testing.T) {
	host, _ := start(t, Options{Timeout: time.Second}, "1")
	if _, err := host.Invoke(t.Context(), []byte(`{"do":"sleep"}`)); !errors.Is(err, ErrTimeout) {
		t.Errorf("error %v", err)
	}
}

func TestInvocationEndsWithItsContext(t *testing.T) {
	host := Start(Options{}) // nothing runs
	t.Cleanup(host.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := host.Invoke(ctx, []byte(`{}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestCloseEndsWaitingInvocations(t *testing.T) {
	host := Start(Options{})
	go func() {
		time.Sleep(20 * time.Millisecond)
		host.Close()
	}()
	if _, err := host.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestTooLargeResponseFails(t *testing.T) {
	host, _ := start(t, Options{}, "1")
	_, err := host.Invoke(t.Context(), []byte(`{"do":"large"}`))
	var failure *FunctionError
	if !errors.As(err, &failure) || failure.Type != "Function.ResponseSizeTooLarge" {
		t.Errorf("error %v", err)
	}
}

func TestFirstCallIsMeasured(t *testing.T) {
	_, process := start(t, Options{}, "1")
	took, err := process.FirstCall(t.Context())
	if err != nil || took <= 0 || took > 20*time.Second {
		t.Errorf("%v, %v", took, err)
	}
}

func TestFunctionThatCannotStartSaysSo(t *testing.T) {
	host, process := start(t, Options{}, "broken")
	_, err := host.Invoke(t.Context(), []byte(`{}`))
	var failure *FunctionError
	if !errors.As(err, &failure) || !failure.Init || failure.Type != "Config" || failure.Message != "no configuration" {
		t.Errorf("invocation: %v", err)
	}
	if _, err := process.FirstCall(t.Context()); !errors.As(err, &failure) {
		t.Errorf("first call: %v", err)
	}
}

func TestBinaryThatIsNoFunctionIsReported(t *testing.T) {
	_, process := start(t, Options{}, "absent")
	if _, err := process.FirstCall(t.Context()); !errors.Is(err, ErrExited) || !strings.Contains(err.Error(), "nothing to run") {
		t.Errorf("error %v", err)
	}
	host := Start(Options{})
	t.Cleanup(host.Close)
	if _, err := host.Run(t.Context(), "no/such/bootstrap", nil); err == nil {
		t.Error("a missing binary was started")
	}
}

func TestOneProcessAtATime(t *testing.T) {
	host, process := start(t, Options{}, "1")
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.Run(t.Context(), binary, nil); err == nil {
		t.Error("a second process was started")
	}
	process.Kill()
	again, err := host.Run(t.Context(), binary, []string{functionVariable + "=1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.FirstCall(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestInvocationsTakeTurns(t *testing.T) {
	host, _ := start(t, Options{}, "1")
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			answer, err := host.Invoke(t.Context(), fmt.Appendf(nil, `{"n":"%d"}`, n))
			if err != nil || !strings.Contains(string(answer), fmt.Sprintf(`"n":"%d"`, n)) {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
	all.Wait()
}

func TestUnknownRequestIDIsRefused(t *testing.T) {
	host := Start(Options{})
	t.Cleanup(host.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+host.address()+"/2018-06-01/runtime/invocation/none/response", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", answer.StatusCode)
	}
}
