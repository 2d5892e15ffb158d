package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// sample returns the file of a sample event of the repository.
func sample(name string) string { return filepath.Join("..", "..", "..", "events", name) }

func TestReplayReportsAndDoesNotWrite(t *testing.T) {
	h := newHome(t)
	arn, file := h.key(t, publicPolicy)
	got := h.replay(t, "", file)
	got.check(t, exitDifferent, "NON-COMPLIANT  "+arn+"\n  source    "+file+"\n", "")
	got.check(t, exitDifferent, "\n  action    reported (report-mode)\n", "")
	got.check(t, exitDifferent, "\n  critical  public-access, statement 2 \"for the partners\": PUBLIC: anyone with an AWS account can decrypt (kms:Decrypt)", "")
	if writes := h.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
		t.Errorf("report mode wrote: %v", writes)
	}
}

func TestReplayRepairs(t *testing.T) {
	h := newHome(t)
	arn, file := h.key(t, publicPolicy)
	h.archive(t)
	repairs := []string{"--config", write(t, "guardrail.yaml", repairConfiguration)}
	got := h.replay(t, "", append(repairs, file)...)
	got.check(t, exitDifferent, "\n  action    repaired (public-access)\n", "")
	got.check(t, exitDifferent, "\n  undo      kmsguard restore --archive ", "")
	if text := h.policy(t, arn); strings.Contains(text, "partners") || !strings.Contains(text, ":root") {
		t.Errorf("the policy is now\n%s", text)
	}
	h.replay(t, "", append(repairs, h.lastEvent(t))...).check(t, exitFine, "COMPLIANT  "+arn, "") // the repair's own event ends the loop
	if writes := h.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
		t.Errorf("wrote again: %v", writes)
	}
}

// repairConfiguration repairs by the API default, under which nobody but the account has access.
const repairConfiguration = "version: 1\nmode: repair\nbaselines: {strict: {style: api}}\n"

func TestReplayTakesItsSettingsFromTheEnvironment(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, publicPolicy)
	repairs := write(t, "guardrail.yaml", repairConfiguration)
	t.Setenv(app.EnvConfig, repairs)
	h.replay(t, "", file).check(t, exitError, "", "the configuration repairs, and nothing is written that was not archived: ARCHIVE_BUCKET must name a bucket")
	h.archive(t)
	t.Setenv(app.EnvModeMax, "report")
	h.replay(t, "", file).check(t, exitDifferent, "\n  action    reported (report-mode)\n", "")
	t.Setenv(app.EnvModeMax, "sometimes")
	h.replay(t, "", file).check(t, exitError, "", `GUARDRAIL_MODE_MAX is "sometimes"; it must be report`)
	t.Setenv(app.EnvModeMax, "")
	t.Setenv(app.EnvConfig, write(t, "broken.yaml", "version: 1\nmode: fix\nbaselines: {a: {style: api}}\n"))
	h.replay(t, "", file).check(t, exitError, "", "broken.yaml:2:7: unknown mode `fix`")
	h.replay(t, "", "--config", repairs, file).check(t, exitDifferent, "\n  action    repaired (public-access)\n", "") // before that of the environment
}

func TestReplayUsesTheConfigurationOfTheWorkingDirectory(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, publicPolicy)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("guardrail.yaml", []byte("version: 1\nbaselines: {mine: {style: api}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.replay(t, "", file).check(t, exitDifferent, "\n  baseline  mine\n", "")
}

func TestExitCodesOfReplay(t *testing.T) {
	h := newHome(t)
	_, good := h.key(t, accountPolicy)
	_, drifted := h.key(t, publicPolicy)
	_, undecided := h.key(t, undecidedPolicy)
	ignored, bad := sample("get-key-policy.json"), sample("bad/region-disagrees.json")
	managed := sample("create-key-aws-managed.json")
	const nowhere = "nowhere.json"
	tests := []struct {
		reason string
		files  []string
		code   int
		out    []string // headlines
		err    string
	}{
		{"compliant", []string{good}, exitFine, []string{"COMPLIANT  arn:"}, ""},
		{"not compliant", []string{drifted}, exitDifferent, []string{"NON-COMPLIANT  arn:"}, ""},
		{"undecided", []string{undecided}, exitInconclusive, []string{"CANNOT-JUDGE  arn:"}, ""},
		{"a bad event cannot be judged", []string{bad}, exitInconclusive, []string{"CANNOT-JUDGE  (no key)"}, ""},
		{"a call that changes no policy", []string{ignored}, exitFine, []string{"SKIPPED  (no key)"}, ""},
		{"a key of AWS", []string{managed}, exitFine, []string{"SKIPPED  arn:"}, ""},
		{"no such file", []string{nowhere}, exitError, nil, "kmsguard: nowhere.json: no such file or directory\n"},
		{"3 before 0", []string{good, bad}, exitInconclusive, []string{"COMPLIANT", "CANNOT-JUDGE"}, ""},
		{"1 before 3", []string{bad, drifted, good}, exitDifferent, []string{"CANNOT-JUDGE", "NON-COMPLIANT", "COMPLIANT"}, ""},
		{"2 before 1, and the rest goes on", []string{drifted, nowhere, good}, exitError, []string{"NON-COMPLIANT", "COMPLIANT"}, "kmsguard: nowhere.json: "},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := h.replay(t, "", test.files...)
			got.check(t, test.code, strings.Join(test.out[:min(1, len(test.out))], ""), test.err)
			paragraphs := strings.Split(strings.TrimSpace(got.out), "\n\n")
			if got.out == "" {
				paragraphs = nil
			}
			if len(paragraphs) != len(test.out) {
				t.Fatalf("%d outcomes, want %d:\n%s", len(paragraphs), len(test.out), got.out)
			}
			for i, headline := range test.out {
				if !strings.HasPrefix(paragraphs[i], headline) {
					t.Errorf("outcome %d should start with %q:\n%s", i, headline, paragraphs[i])
				}
			}
		})
	}
}

// event is the public JSON of an outcome, as far as it matters here.
type event struct {
	Schema, File, KeyARN, KeyType, Mode, Trigger, Verdict, Severity, Action, ActionReason string
	Findings                                                                              []struct{ Code, Severity, Message string }
	Actor                                                                                 *struct{ ARN string }
}

func TestJSONOfReplay(t *testing.T) {
	h := newHome(t)
	goodARN, good := h.key(t, accountPolicy)
	arn, drifted := h.key(t, publicPolicy)
	check := func(t *testing.T, list []event) {
		t.Helper()
		if len(list) != 2 {
			t.Fatalf("%d outcomes, want 2", len(list))
		}
		a, b := list[0], list[1]
		if a.File != good || a.KeyARN != goodARN || a.Verdict != "compliant" || a.Action != "none" || a.Findings == nil || len(a.Findings) > 0 {
			t.Errorf("got %+v", a)
		}
		if b.File != drifted || b.KeyARN != arn || b.Verdict != "non-compliant" || b.Severity != "critical" || b.Action != "reported" || len(b.Findings) == 0 ||
			b.Schema != "1" || b.Mode != "report" || b.Trigger != "event" || b.KeyType != "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT" || b.Actor == nil {
			t.Errorf("got %+v", b)
		}
	}
	t.Run("json is an array", func(t *testing.T) {
		got := h.replay(t, "", "--output", "json", good, drifted)
		got.check(t, exitDifferent, "[\n  {\n    \"file\"", "")
		check(t, decode[[]event](t, got.out))
	})
	t.Run("jsonl is one outcome a line", func(t *testing.T) {
		got := h.replay(t, "", "--output", "jsonl", good, drifted)
		var list []event
		for text := range strings.Lines(got.out) {
			list = append(list, decode[event](t, text))
		}
		check(t, list)
	})
	t.Run("an array of nothing is an array", func(t *testing.T) {
		h.replay(t, "", "--output", "json", "nowhere.json").check(t, exitError, "[]\n", "nowhere.json")
	})
}

func TestReplayReadsStandardInput(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, accountPolicy)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h.replay(t, string(text), "-").check(t, exitFine, "\n  source    standard input\n", "")
}

// An SQS batch would be handled, but its answer names no outcome: exit code 0 for
// a public key. So it must be refused before the handler sees it.
func TestReplayRefusesListsOfRecords(t *testing.T) {
	h := newHome(t)
	arn, file := h.key(t, publicPolicy)
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h.archive(t)
	t.Setenv(app.EnvConfig, write(t, "guardrail.yaml", repairConfiguration))
	batch := write(t, "batch.json", fmt.Sprintf(`{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":%s}]}`, quote(t, string(body))))
	h.replay(t, "", batch).check(t, exitError, "", "replay takes one EventBridge event a file")
	if calls := h.cloud.Calls(); len(calls) > 0 {
		t.Errorf("it was handled: %v", calls)
	}
	if !strings.Contains(h.policy(t, arn), "partners") {
		t.Error("it was repaired")
	}
}

func TestEventThatIsGivenBackIsAnError(t *testing.T) {
	h := newHome(t)
	arn, file := h.key(t, publicPolicy)
	_, good := h.key(t, accountPolicy)
	h.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: "DescribeKey", KeyARN: arn}) // it is new
	got := h.replay(t, "", file, good)
	got.check(t, exitError, "COMPLIANT", "kmsguard: "+file+": ")
	got.check(t, exitError, "COMPLIANT", "too new to be found")
}

func TestReplayWithProfile(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, accountPolicy)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, "credentials", fmt.Sprintf(
		"[audit]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n", h.owner.AccessKeyID, h.owner.SecretAccessKey, h.owner.SessionToken)))
	h.replay(t, "", "--profile", "audit", file).check(t, exitFine, "COMPLIANT", "")
	h.replay(t, "", "--profile", "nobody", file).check(t, exitError, "", `there is no AWS profile "nobody"; aws configure list-profiles lists those that there are`)
}

func TestInterruptedReplayStops(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, accountPolicy)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	h.cloud.ResetCalls()
	got := kmsguardWith(ctx, "", "replay", "--default-config", "--endpoint-url", h.cloud.Endpoint(), "--output", "json", file, file)
	got.check(t, exitInterrupted, "[]\n", "kmsguard: interrupted\n")
	if calls := h.cloud.Calls(); len(calls) > 0 {
		t.Errorf("it went on: %v", calls)
	}
}

func TestReplayNeedsAnEvent(t *testing.T) {
	kmsguard(t, "", "replay").check(t, exitError, "", "expected at least one event file (see kmsguard replay --help)")
}

func TestWriterErrorOfReplayIsAnError(t *testing.T) {
	h := newHome(t)
	_, file := h.key(t, accountPolicy)
	for _, format := range []string{"text", "json", "jsonl"} {
		args := []string{"replay", "--default-config", "--endpoint-url", h.cloud.Endpoint(), "--output", format, file}
		if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}}); code != exitError {
			t.Errorf("%s: exit code %d", format, code)
		}
	}
}

// A verdict that this version does not know is not fine.
func TestExitCodeOfAVerdict(t *testing.T) {
	tests := map[guardrail.Verdict]int{
		guardrail.Compliant: exitFine, guardrail.Exempt: exitFine, guardrail.NothingToJudge: exitFine, guardrail.NonCompliant: exitDifferent,
		guardrail.CannotJudge: exitInconclusive, "": exitInconclusive, "brand-new": exitInconclusive,
	}
	for verdict, want := range tests {
		if got := outcomeCode(guardrail.Outcome{Verdict: verdict, Severity: rules.High}, rules.Low); got != want {
			t.Errorf("%q: %d, want %d", verdict, got, want)
		}
	}
}
