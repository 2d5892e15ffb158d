package template_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// FuzzRead reads any text: it ends, its error is of a known type, and each key has a policy that
// KMS stores, or the reason why it has none.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	for _, text := range []string{accountPolicy, "", "a: b", `{"Policy":"{}"}`, `{"format_version":"1.0","resource_changes":[null,{"mode":"managed","type":"aws_kms_key","change":null}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := template.Read(text, here)
		var other *template.Unrecognised
		var broken *template.Error
		var malformed *policy.Error
		if err != nil {
			if !errors.As(err, &other) && !errors.As(err, &broken) && !errors.As(err, &malformed) {
				t.Errorf("an error of another type: %v", err)
			}
			return
		}
		checkKeys(t, found)
	})
}
