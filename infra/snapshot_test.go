package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// assetHash is the name of an asset, which changes with the code in it.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// rollout makes the stacks of a deployment of everything.
func rollout(t *testing.T) map[string]assertions.Template {
	t.Helper()
	context := configured(t, threeRegions)
	context["guardrail:sweepHours"], context["guardrail:sweepAsset"] = nil, bundle(t)
	d, err := describe(awscdk.NewApp(appProps(t, context)), "KmsGuardrail", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]assertions.Template{
		"home": assertions.Template_FromStack(d.Home, nil), "forwarder": assertions.Template_FromStack(d.Forwarders["us-east-1"], nil),
	}
}

// TestTemplatesAreAsReviewed: a change of what is deployed is a change of a file that people read.
func TestTemplatesAreAsReviewed(t *testing.T) {
	for name, template := range rollout(t) {
		text, err := json.MarshalIndent(template.ToJSON(), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", name+".template.json"), assetHash.ReplaceAllString(string(text), "HASH")+"\n")
	}
}

// golden compares a text with a file, or writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); after a look: go test ./infra -update\n%s", path, diff)
	}
}
