package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheConfigurationLiesBesideTheBinary(t *testing.T) {
	cdk, _ := newApp(t, configured(t, repairing))
	code := codeOf(t, cdk)
	text, err := os.ReadFile(filepath.Join(code, "guardrail.yaml"))
	if err != nil || string(text) != repairing {
		t.Errorf("guardrail.yaml is %q, %v, want the file byte for byte", text, err)
	}
	binary, err := os.Stat(filepath.Join(code, "bootstrap"))
	if err != nil || binary.Mode().Perm()&0o111 == 0 {
		t.Errorf("bootstrap is %v, %v, want an executable", binary, err)
	}
}

func TestWithoutAConfigurationThereIsNoneBesideTheBinary(t *testing.T) {
	cdk, _ := newApp(t, nil)
	files, err := os.ReadDir(codeOf(t, cdk))
	if err != nil || len(files) != 2 || files[0].Name() != "bootstrap" || files[1].Name() != "environment.json" {
		t.Errorf("the code is %v, %v, want bootstrap and environment.json only", files, err)
	}
}

// Where the files lie and when they were made does not count: a deployment of the same
// commit and configuration changes nothing.
func TestTheSameBytesAreTheSameAsset(t *testing.T) {
	asset := func(text string) string {
		cdk, _ := newApp(t, configured(t, text))
		return filepath.Base(codeOf(t, cdk))
	}
	once, again, other := asset(repairing), asset(repairing), asset(repairing+"# a comment\n")
	if once != again {
		t.Errorf("the same bytes are %s and %s", once, again)
	}
	if once == other {
		t.Error("another configuration is the same asset: it would not be deployed")
	}
}

func TestSynthesisLeavesTheSourceAlone(t *testing.T) {
	context := configured(t, repairing)
	context["guardrail:functionAsset"] = bundle(t)
	newStack(t, context)
	for folder, want := range map[string]string{
		context["guardrail:functionAsset"].(string):        "bootstrap",
		filepath.Dir(context["guardrail:config"].(string)): "configuration.yaml",
	} {
		files, err := os.ReadDir(folder)
		if err != nil || len(files) != 1 || files[0].Name() != want {
			t.Errorf("%s has %v, %v, want %s only", folder, files, err, want)
		}
	}
}

// A folder that is used again must not keep the configuration of the time before.
func TestABundleHasNothingOfTheOneBefore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "enforce")
	if err := stageBundle(folder, bundle(t), []byte(repairing), nil); err != nil {
		t.Fatal(err)
	}
	if err := stageBundle(folder, bundle(t), nil, nil); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(folder, "guardrail.yaml")) {
		t.Error("guardrail.yaml is still there")
	}
}

func TestMissingBundleSaysHowToBuildIt(t *testing.T) {
	err := stageBundle(filepath.Join(t.TempDir(), "enforce"), t.TempDir(), nil, nil)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v, want a missing file and the command that makes it", err)
	}
}

func TestAStrayConfigurationBesideTheBinaryIsRefused(t *testing.T) {
	asset := bundle(t)
	if err := os.WriteFile(filepath.Join(asset, "guardrail.yaml"), []byte(repairing), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, configuration := range [][]byte{nil, []byte(repairing)} {
		err := stageBundle(filepath.Join(t.TempDir(), "enforce"), asset, configuration, nil)
		if err == nil || !strings.Contains(err.Error(), "guardrail:config") {
			t.Errorf("got %v, want an error: the permissions would be those of another configuration", err)
		}
	}
}
