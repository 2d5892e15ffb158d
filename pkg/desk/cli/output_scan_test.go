package cli

import (
	"encoding/csv"
	"encoding/xml"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// TestScanInEveryFormatAtOnce: one run, and the same findings in each file.
func TestScanInEveryFormatAtOnce(t *testing.T) {
	h := newHome(t)
	public, denied := h.named(t, publicPolicy, "payments"), h.named(t, publicPolicy, "denied")
	h.key(t, accountPolicy)
	h.account.AddAWSManagedKey("us-east-1", "s3")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "GetKeyPolicy", KeyARN: denied})
	folder := t.TempDir()
	args := []string{"--output", "github"}
	for _, format := range []string{"text", "table", "json", "jsonl", "sarif", "junit", "csv"} {
		args = append(args, "--output", format+"="+filepath.Join(folder, format))
	}
	got := h.scan(t, args...)
	const counts = "judged: 1 critical, 1 compliant, 0 exempt. 1 not judged: 1 access-denied."
	got.check(t, exitDifferent, "::error title=critical public-access::alias/payments (us-east-1, "+idOf(public)+"): PUBLIC", "2 keys "+counts)
	if !strings.HasSuffix(got.out, "kmsguard: 2 policies "+counts+" 1 skipped.\n") {
		t.Errorf("the last line counts everything:\n%s", got.out)
	}
	file := func(format string) string { return read(t, filepath.Join(folder, format)) }
	if text := file("text"); !strings.Contains(text, "CRITICAL    alias/payments (us-east-1, ") || !strings.Contains(text, "2 keys "+counts+" 1 managed by AWS, skipped.\n") {
		t.Errorf("text:\n%s", text)
	}
	if text := file("table"); !strings.Contains(text, "\ncritical  alias/payments  us-east-1  public-access") {
		t.Errorf("table:\n%s", text)
	}
	if list := decode[[]guardrail.Outcome](t, file("json")); len(list) != 3 || strings.Count(file("jsonl"), "\n") != 3 {
		t.Errorf("%d outcomes", len(list))
	}
	log := decode[struct {
		Runs []struct{ Results []struct{ RuleID string } }
	}](t, file("sarif"))
	if results := log.Runs[0].Results; !slices.ContainsFunc(results, func(r struct{ RuleID string }) bool { return r.RuleID == "access-denied" }) {
		t.Errorf("what cannot be judged is a result: %+v", results)
	}
	var suites struct {
		Suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(file("junit")), &suites); err != nil || suites.Suite.Tests != 3 || suites.Suite.Failures != 1 || suites.Suite.Errors != 1 {
		t.Errorf("JUnit: %v, %+v", err, suites)
	}
	if rows, err := csv.NewReader(strings.NewReader(file("csv"))).ReadAll(); err != nil || rows[0][0] != "severity" {
		t.Errorf("CSV: %v, %q", err, rows)
	}
}

// TestSeverityLeavesOutAndCounts in formats that have a line that counts.
func TestSeverityLeavesOutAndCounts(t *testing.T) {
	h := newHome(t)
	h.named(t, publicPolicy, "public")
	h.named(t, ownerPolicy, "app")
	for _, format := range []string{"table", "github"} {
		got := h.scan(t, "--severity", "critical", "--output", format)
		got.check(t, exitDifferent, "2 policies judged: 1 critical, 1 medium, 0 compliant", "2 keys judged")
		if strings.Contains(got.out, "alias/app") {
			t.Errorf("%s shows\n%s", format, got.out)
		}
	}
}

// TestWhatCheckCannotReadIsInEveryFormat but those of outcomes only.
func TestWhatCheckCannotReadIsInEveryFormat(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.json")
	for format, want := range map[string]string{
		"table":  "error     " + missing,
		"sarif":  `"executionSuccessful": false`,
		"junit":  `<error type="not-read" message="no such file or directory">`,
		"csv":    "high,not-read,not-read," + missing + ",",
		"github": "::error title=not read::" + missing + ": no such file or directory\n",
		"json":   "[]",
	} {
		kmsguard(t, "", "check", "--default-config", "--account", account, "--output", format, missing).check(t, exitError, want, missing+": no such file")
	}
}

// TestAFullDiskIsAnErrorInEveryFormat, at the end at the latest.
func TestAFullDiskIsAnErrorInEveryFormat(t *testing.T) {
	for _, format := range reportFormats {
		var errs strings.Builder
		args := []string{"check", "--default-config", "--account", account, "--output", string(format), "-"}
		if code := run(t.Context(), args, streams{in: strings.NewReader(publicPolicy), out: fullDisk{}, err: &errs}); code != exitError || !strings.Contains(errs.String(), errDiskFull.Error()) {
			t.Errorf("%s: exit code %d: %s", format, code, errs.String())
		}
	}
}
