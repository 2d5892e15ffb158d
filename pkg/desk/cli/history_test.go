package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// desk runs a command against embedded AWS, with the archive of the environment.
func (h *home) desk(t *testing.T, args ...string) result {
	t.Helper()
	h.cloud.ResetCalls()
	if args[0] == "restore" {
		args = orDefault(t, args)
	}
	return kmsguard(t, "", slices.Concat(args, []string{"--region", "us-east-1"}, h.endpoint)...)
}

// repaired makes a public key and lets the real handler repair it. It returns the key, its
// policy before, and the record.
func (h *home) repaired(t *testing.T, configuration string) (arn, before, record string) {
	t.Helper()
	arn, file := h.key(t, publicPolicy)
	before = h.policy(t, arn)
	return arn, before, h.repairs(t, configuration, file)
}

// repairs lets the real handler repair what an event tells of, and returns the record.
func (h *home) repairs(t *testing.T, configuration, file string) string {
	t.Helper()
	got := h.replay(t, "", "--config", configuration, "--output", "jsonl", file)
	got.check(t, exitDifferent, `"action":"repaired"`, "")
	o := decode[struct{ Archive, Restore string }](t, got.out)
	if !strings.HasPrefix(o.Restore, "kmsguard restore --archive archive --region us-east-1 ") || !strings.HasSuffix(o.Restore, " "+o.Archive) || o.Archive == "" {
		t.Fatalf("the outcome has no command that undoes it: %s", got.out)
	}
	return o.Archive
}

// bucket calls the S3 that the archive is in.
func (h *home) bucket(t *testing.T) *s3.Client {
	t.Helper()
	aws, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	return s3.NewFromConfig(aws, pathStyle)
}

// records is the archive that the commands read, to write into.
func (h *home) records(t *testing.T) *archive.Archive {
	t.Helper()
	aws, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.New(aws, archive.Options{Bucket: "archive"}, pathStyle)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// claimed archives a record of a repair from one policy to another, and claims it; with changes
// it before.
func (h *home) claimed(t *testing.T, arn, before string, with ...func(*ledger.Record)) ledger.Name {
	t.Helper()
	now := time.Now().UTC()
	key, err := ledger.KeyOf(arn)
	if err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprint(now.UnixNano())
	record := ledger.Record{
		Name: ledger.NewName(key, now, id, 1), Kind: ledger.ForFinding, Time: now, EventID: id, EventTime: now, KeyARN: arn,
		Severity: rules.High, Before: ledger.PolicyText{Text: before}, After: ledger.PolicyText{Text: accountPolicy},
	}
	for _, change := range with {
		change(&record)
	}
	if err := h.records(t).Keep(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	h.turn(t, key, func(l ledger.Ledger) ledger.Ledger {
		l.KeyARN = arn
		return l.Claim(record.Line(id, now.Add(time.Minute)))
	})
	return record.Name
}

// turn changes the ledger of a key.
func (h *home) turn(t *testing.T, key ledger.Key, change func(ledger.Ledger) ledger.Ledger) {
	t.Helper()
	l, version, err := h.records(t).Ledger(t.Context(), key)
	if err == nil {
		_, err = h.records(t).Swap(t.Context(), key, change(l), version)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// settle puts the guardrail's writes to a key so far back that KMS answers with the policy before
// them no more.
func (h *home) settle(t *testing.T, arn string) {
	t.Helper()
	key, err := ledger.KeyOf(arn)
	if err != nil {
		t.Fatal(err)
	}
	h.turn(t, key, func(l ledger.Ledger) ledger.Ledger {
		for i := range l.Repairs {
			l.Repairs[i].Closed = l.Repairs[i].Closed.Add(-time.Hour)
		}
		return l
	})
}

// archived is a repair that was made and reported.
func (h *home) archived(t *testing.T, arn, before string) ledger.Name {
	t.Helper()
	name := h.claimed(t, arn, before)
	key, _, _ := name.Parts()
	h.turn(t, key, func(l ledger.Ledger) ledger.Ledger {
		return l.Mark(name, time.Now().UTC().Add(-time.Hour)).Report(name, time.Now().UTC())
	})
	return name
}

func (h *home) abandon(t *testing.T, name ledger.Name, reason string) {
	t.Helper()
	key, _, _ := name.Parts()
	h.turn(t, key, func(l ledger.Ledger) ledger.Ledger { return l.End(name, "other", reason, time.Now().UTC()) })
}

// archivedJSON is the public JSON of a repair in the archive.
type archivedJSON struct {
	Record, KeyARN, EventID, Severity, Before, After, PolicyBefore, PolicyAfter string
	Time                                                                        time.Time
	Edits                                                                       []string
	Findings                                                                    []struct{ Code string }
	Actor                                                                       *struct{ ARN string }
	Written                                                                     *struct{ Hash string }
	Abandoned                                                                   *struct{ Reason string }
	Reported                                                                    bool
	Superseded                                                                  []struct{ Hash, Policy, EventID string }
}

func TestHistoryListsTheRepairsOfTheHandlerNewestFirst(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	configuration := write(t, "guardrail.yaml", repairConfiguration)
	arn, before, first := h.repaired(t, configuration)
	other, _, _ := h.repaired(t, configuration)
	if _, err := h.api.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &arn, Policy: aws.String(publicPolicy)}); err != nil {
		t.Fatal(err)
	}
	h.settle(t, arn)
	second := h.repairs(t, configuration, h.lastEvent(t))
	if _, err := h.api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/payments"), TargetKeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	prefix, id, _ := strings.Cut(arn, "key/")
	for _, name := range []string{arn, id, "alias/payments", prefix + "alias/payments"} {
		got := h.desk(t, "history", "--key-id", name, "--output", "json")
		got.check(t, exitFine, "[\n  {\n    \"record\": ", "")
		list := decode[[]archivedJSON](t, got.out)
		if len(list) != 2 || list[0].Record != second || list[1].Record != first {
			t.Fatalf("%s: got %s", name, got.out)
		}
		a := list[1]
		if a.KeyARN != arn || a.EventID == "" || a.Severity != "critical" || len(a.Findings) == 0 || a.Findings[0].Code != "public-access" || a.Actor == nil ||
			!strings.Contains(a.Actor.ARN, "Owner") || a.PolicyBefore != before || a.PolicyAfter != h.policy(t, arn) || len(a.Before) != 64 || len(a.After) != 64 ||
			len(a.Edits) != 1 || !strings.HasPrefix(a.Edits[0], `Removed statement 2 "for the partners": `) ||
			a.Written == nil || a.Written.Hash != a.After || a.Abandoned != nil || !a.Reported || a.Superseded == nil || a.Time.IsZero() {
			t.Errorf("%s: got %+v", name, a)
		}
		for _, call := range h.cloud.Calls() {
			if call.Operation != "DescribeKey" && call.Operation != "GetKeyPolicy" { // the latter is this test's
				t.Errorf("%s: it called %s", name, call.Operation)
			}
		}
	}
	text := h.desk(t, "history", "--key-id", arn)
	text.check(t, exitFine, "TIME                  BECAME                    SEVERITY  FINDINGS\n20", "")
	text.check(t, exitFine, "Z  written                   critical  public-access, ", "")
	text.check(t, exitFine, "\n    actor   arn:aws:sts::111122223333:assumed-role/Owner/", "")
	text.check(t, exitFine, "\n    record  "+first+"\n", "")
	if strings.Contains(text.out, strings.Split(other, "key/")[1]) {
		t.Errorf("another key's repair is listed:\n%s", text.out)
	}
	limited := h.desk(t, "history", "--key-id", arn, "--limit", "1", "--output", "jsonl")
	limited.check(t, exitFine, second, "note: only the newest 1 are listed; --limit lists more\n")
	if strings.Count(limited.out, "\n") != 1 {
		t.Errorf("--limit 1 lists\n%s", limited.out)
	}
	h.desk(t, "history", "--key-id", arn, "--limit", "2").check(t, exitFine, first, "")
}

func TestHistoryTellsWhatBecameOfARepair(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	h.desk(t, "history", "--key-id", arn).check(t, exitFine, "no repair of "+arn+" is in the archive\n", "")
	h.desk(t, "history", "--key-id", arn, "--output", "json").check(t, exitFine, "[]\n", "")

	h.abandon(t, h.claimed(t, arn, publicPolicy), ledger.Unconfirmed)
	replaced := h.claimed(t, arn, publicPolicy)
	records := h.records(t)
	err := records.KeepSuperseded(t.Context(), replaced, ledger.Superseded{
		Time: time.Now().UTC(), EventID: "theirs", EventTime: time.Now().UTC(), Policy: ledger.PolicyText{Text: deniedPolicy, Hash: "abc"},
	})
	if err != nil {
		t.Fatal(err)
	}
	key, _, _ := replaced.Parts()
	h.turn(t, key, func(l ledger.Ledger) ledger.Ledger { return l.Mark(replaced, time.Now().UTC()) })
	h.claimed(t, arn, publicPolicy)
	got := h.desk(t, "history", "--key-id", arn)
	for _, words := range []string{"Z  open, not reported ", "Z  written, not reported, superseded 1 ", "Z  abandoned (write-not-confirmed), not reported ", "    actor   unknown\n"} {
		got.check(t, exitFine, words, "")
	}
	list := decode[[]archivedJSON](t, h.desk(t, "history", "--key-id", arn, "--output", "json").out)
	if len(list) != 3 || list[0].Written != nil || list[0].Abandoned != nil || list[0].Edits == nil || len(list[1].Superseded) != 1 ||
		list[2].Abandoned == nil || list[2].Abandoned.Reason != "write-not-confirmed" {
		t.Fatalf("got %+v", list)
	}
	if s := list[1].Superseded[0]; s.Hash != "abc" || s.Policy != deniedPolicy || s.EventID != "theirs" {
		t.Errorf("got %+v", s)
	}
}

// hostile is text that would clear a terminal, turn the direction of writing and forge a line.
const hostile = "\x1b[2J\u202eevil\nCOMPLIANT"

func TestHostileTextOfTheArchiveIsPrintedAsEscapes(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	policy := strings.Replace(publicPolicy, "for the partners", `\u001b[2J\u202eevil\nCOMPLIANT`, 1)
	hold := h.claimed(t, arn, policy, func(r *ledger.Record) {
		r.Actor = &guardrail.Actor{ARN: hostile}
		r.Severity = hostile
		r.Findings = []guardrail.Finding{{Code: hostile, Severity: hostile, Message: hostile}}
		r.Edits = []byte(`[{"Kind":"drop-statement","Statement":-1,"Detail":"\u001b[2J"}]`)
	})
	h.abandon(t, hold, hostile)
	for _, args := range [][]string{
		{"history", "--key-id", arn}, {"history", "--key-id", arn, "--output", "jsonl"},
		{"restore", string(hold)}, {"restore", string(hold), "--output", "jsonl"},
		{"restore", hostile}, {"history", "--key-id", hostile}, {"restore", string(hold), "--superseded", hostile},
	} {
		got := h.desk(t, args...)
		for name, text := range map[string]string{"stdout": got.out, "stderr": got.err} {
			if strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "\nCOMPLIANT") {
				t.Errorf("%q: %s is %q", args, name, text)
			}
		}
		if !strings.Contains(got.out+got.err, `[2J`) && args[0] != "restore" {
			t.Errorf("%q does not show the text: %s%s", args, got.out, got.err)
		}
	}
}

func TestARecordThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	good := h.claimed(t, arn, publicPolicy)
	name := string(good[:len(good)-1]) + map[bool]string{true: "1", false: "0"}[good[len(good)-1] == '0']
	_, err := h.bucket(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("archive"), Key: &name, Body: strings.NewReader(`{"schema":"1"`)})
	if err != nil {
		t.Fatal(err)
	}
	h.desk(t, "history", "--key-id", arn).check(t, exitError, "record  "+string(good)+"\n", "kmsguard: reading the archive: the archive cannot be used: an object is not as the guardrail writes it: "+name+": ")
	h.desk(t, "restore", name).check(t, exitError, "", name)

	other, _ := h.key(t, accountPolicy)
	h.claimed(t, other, publicPolicy, func(r *ledger.Record) { r.Edits = []byte(`"none"`) })
	h.desk(t, "history", "--key-id", other).check(t, exitError, "record  records/", "the edits in the record: ")
}

func TestMisuseOfTheArchive(t *testing.T) {
	h := newHome(t)
	tests := []struct {
		because string
		args    []string
		err     string
	}{
		{"no key", []string{"history"}, "--key-id is required: the key id, key ARN, alias or alias ARN of the key (see kmsguard history --help)"},
		{"nothing to list", []string{"history", "--key-id", someKey, "--limit", "0"}, "--limit 0 lists nothing"},
		{"no arguments", []string{"history", someKey}, "unexpected argument"},
		{"no archive", []string{"history", "--key-id", someKey}, "the archive is not known: --archive, or ARCHIVE_BUCKET, names its bucket (see kmsguard history --help)"},
		{"no archive to restore from", []string{"restore", "x"}, "the archive is not known: --archive, or ARCHIVE_BUCKET, names its bucket (see kmsguard restore --help)"},
		{"no record", []string{"restore"}, "expected the id of one record, as kmsguard history lists it, got 0"},
		{"two records", []string{"restore", "a", "b"}, "expected the id of one record, as kmsguard history lists it, got 2"},
		{"a broken configuration", []string{"restore", "--config", write(t, "g.yaml", badConfiguration), "a"}, "g.yaml:3:7: unknown mode"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) { h.desk(t, test.args...).check(t, exitError, "", test.err) })
	}
	h.archive(t)
	h.desk(t, "history", "--key-id", "alias/none").check(t, exitError, "", "alias/none: describing the key: the key does not exist")
	h.desk(t, "history", "--key-id", someKey).check(t, exitFine, "no repair of "+someKey, "") // a key that is gone
	h.desk(t, "history", "--key-id", "arn:aws:kms:us-east-1:111122223333:key/a/b").check(t, exitError, "", "is not a key ARN")
	h.desk(t, "history", "--key-id", someKey, "--archive", "nowhere").check(t, exitError, "", "NoSuchBucket")
	t.Setenv(app.EnvArchiveBucket, "nowhere")
	h.desk(t, "history", "--key-id", someKey, "--archive", "archive").check(t, exitFine, "no repair of", "") // the flag counts
}

// A bucket of a deleted stack may be somebody else's by now.
func TestTheArchiveMustBelongToTheAccount(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	var owners []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		owners = append(owners, r.Header.Get("X-Amz-Expected-Bucket-Owner"))
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<Error><Code>AccessDenied</Code></Error>"))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv(app.EnvAccount, account)
	h.desk(t, "history", "--key-id", someKey).check(t, exitError, "", "kmsguard: reading the archive: ")
	if len(owners) != 1 || owners[0] != account {
		t.Errorf("the owner was asked for %q", owners)
	}
}
