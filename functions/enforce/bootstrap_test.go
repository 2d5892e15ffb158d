package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
)

// folder holds the binary, for all tests of this run.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "enforce"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder) // a folder that is left over is no reason to fail
	os.Exit(code)
}

// version is what the release build is told that it is.
const version = "v0.0.0-test"

// build builds the function as it is deployed, but for this machine.
var build = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(folder, "bootstrap")
	// A build that several tests share ends with none of their contexts.
	command := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -buildid= -X github.com/kms-guardrail/kms-guardrail/pkg/app.Version="+version, "-o", binary, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// bootstrap is the path of the built binary.
func bootstrap(t testing.TB) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// guardrailPolicy is the identity policy of the function's role.
const guardrailPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetKeyPolicy","kms:ListAliases","kms:ListResourceTags","kms:PutKeyPolicy"],"Resource":"*"},
	{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}}]}`

// start runs the binary as the function of the world's account, with settings ("NAME=value").
// KMS and S3 have an endpoint each.
func (w *world) start(t testing.TB, settings ...string) *lambdahost.Process {
	t.Helper()
	return w.startBinary(t, bootstrap(t), settings...)
}

func (w *world) startBinary(t testing.TB, binary string, settings ...string) *lambdahost.Process {
	t.Helper()
	environment := append(w.cloud.Environment(w.guardrail, "us-east-1"), "AWS_ENDPOINT_URL_S3="+w.store.URL)
	process, err := w.host.Run(t.Context(), binary, append(environment, settings...))
	if err != nil {
		t.Fatal(err)
	}
	return process
}
