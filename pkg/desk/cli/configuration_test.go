package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// folders makes files of a tree, those that end in / as folders, and returns its root.
func folders(t *testing.T, files ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir()) // as the working directory is told
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "/") {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, []byte(repairConfiguration), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTheNearestConfigurationIsFound(t *testing.T) {
	tests := []struct {
		because string
		files   []string
		start   string
		want    string // below the root of the tree; "" for none
		err     string
	}{
		{"it is in the working directory", []string{".git/", "guardrail.yaml"}, ".", "guardrail.yaml", ""},
		{"the other ending is as good", []string{".git/", "guardrail.yml"}, ".", "guardrail.yml", ""},
		{"a pipeline may run in a folder below", []string{".git/", "guardrail.yaml", "a/b/"}, "a/b", "guardrail.yaml", ""},
		{"the nearest counts", []string{".git/", "guardrail.yaml", "a/guardrail.yml", "a/b/"}, "a/b", "a/guardrail.yml", ""},
		{"a repository ends the search", []string{".git/", "guardrail.yaml", "a/.git/", "a/b/"}, "a/b", "", ""},
		{"so does a worktree, whose .git is a file", []string{".git/", "guardrail.yaml", "a/.git", "a/b/"}, "a/b", "", ""},
		{"the root of the repository is searched", []string{"guardrail.yaml", "a/.git/", "a/guardrail.yaml", "a/b/"}, "a/b", "a/guardrail.yaml", ""},
		{"no file is no file", []string{".git/", "a/"}, "a", "", ""},
		{"of two, which is meant is not known", []string{".git/", "guardrail.yaml", "guardrail.yml", "a/"}, "a", "", "has both guardrail.yaml and guardrail.yml; remove one, or name one with --config"},
		{"a file in the way is no folder", []string{".git/", "a"}, "a", "", "looking for guardrail.yaml"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			root := folders(t, test.files...)
			got, err := nearestConfig(filepath.Join(root, test.start))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %q, %v, want %q", got, err, test.err)
				}
				return
			}
			want := test.want
			if want != "" && filepath.Dir(want) != test.start {
				want = filepath.Join(root, want)
			}
			if err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

// TestEveryCommandThatJudgesSaysByWhat: a pipeline in the wrong folder must not pass by a
// configuration that nobody meant.
func TestEveryCommandThatJudgesSaysByWhat(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, event := h.key(t, accountPolicy)
	record := string(h.archived(t, arn, publicPolicy))
	policyFile := write(t, "policy.json", accountPolicy)
	root := folders(t, ".git/", "guardrail.yaml", "a/", "other/.git/")
	read, _, err := (&options{config: filepath.Join(root, "guardrail.yaml")}).configuration()
	if err != nil {
		t.Fatal(err)
	}
	hash, builtIn := read.Hash(), rules.DefaultConfiguration().Hash()
	inRoot := filepath.Join(root, "guardrail.yaml")
	for _, command := range [][]string{
		{"check", "--account", account, policyFile},
		{"check", "--region", "us-east-1", "--key-id", arn},
		{"replay", "--region", "us-east-1", event},
		{"config", "explain", "--account", account},
		{"restore", "--region", "us-east-1", record},
	} {
		for _, test := range []struct {
			folder       string
			flags        []string
			file, digest string
		}{
			{".", nil, "guardrail.yaml", hash},
			{"a", nil, inRoot, hash},
			{"other", []string{"--config", inRoot}, inRoot, hash},
			{".", []string{"--default-config"}, "", builtIn},
		} {
			t.Chdir(filepath.Join(root, test.folder))
			args := append(append(test.flags, "--output", "jsonl"), command...)
			got := kmsguard(t, "", args...)
			name := test.file
			if name == "" {
				name = "the built-in default"
			}
			if got.used != name+" (hash "+test.digest[:12]+")" {
				t.Errorf("%q in %s: it says %q, want %s: %+v", args, test.folder, got.used, name, got)
			}
			if command[0] == "restore" {
				continue
			}
			j := decode[struct{ Configuration struct{ File, Hash string } }](t, got.out).Configuration
			if j.File != test.file || j.Hash != test.digest {
				t.Errorf("%q in %s: the answer has %+v", args, test.folder, j)
			}
		}
		t.Chdir(filepath.Join(root, "other"))
		refused := kmsguard(t, "", command...)
		refused.check(t, exitError, "", "there is no guardrail.yaml in the working directory or above it; name one with --config or GUARDRAIL_CONFIG, or judge by the built-in default with --default-config (see kmsguard ")
	}
}

func TestTheKillSwitchIsOfTheConfigurationThatReplayNames(t *testing.T) {
	h := newHome(t)
	_, event := h.key(t, publicPolicy)
	h.archive(t)
	t.Setenv(app.EnvModeMax, "report")
	got := h.replay(t, "", "--config", write(t, "guardrail.yaml", repairConfiguration), "--output", "jsonl", event)
	o := decode[struct {
		ConfigurationHash string
		Configuration     struct{ Hash string }
	}](t, got.out)
	if o.ConfigurationHash != o.Configuration.Hash || !strings.Contains(got.used, "(hash "+o.ConfigurationHash[:12]+")") {
		t.Errorf("it says %s, the outcome has %+v", got.used, o)
	}
}
