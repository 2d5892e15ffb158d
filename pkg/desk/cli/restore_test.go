package cli

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// restoredJSON is the public JSON of restore.
type restoredJSON struct {
	Configuration                                                   used
	Record, KeyARN, Result, GuardrailWould, Before, After, Replaced string
	Comparison                                                      *struct {
		Verdict string
		Excess  []struct{ Actions []string }
	}
	Outcome *judgement
}

// noWrites fails if a command wrote.
func (h *home) noWrites(t *testing.T) {
	t.Helper()
	if writes := h.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
		t.Errorf("it wrote: %v", writes)
	}
}

func TestRestorePutsThePolicyBackByteForByte(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	configuration := write(t, "guardrail.yaml", repairConfiguration)
	arn, before, record := h.repaired(t, configuration)
	after := h.policy(t, arn)
	if before == after {
		t.Fatal("nothing was repaired")
	}

	preview := h.desk(t, "restore", record, "--config", configuration)
	h.noWrites(t)
	for _, words := range []string{
		"record    " + record + "\nkey       " + arn + "\nrepair    20",
		", written: critical public-access, ",
		"\nWhat would change:\nthe archived policy allows more than the live policy: ",
		"may      kms:Decrypt\n",
		"because  the archived policy:2:2, statement 2 \"for the partners\"\n",
		"\nWhat the configuration says of the archived policy:\nNON-COMPLIANT  " + arn + "\n",
		"  critical  public-access, statement 2 \"for the partners\" on line 2: ",
		"\nThe guardrail would undo this: the restore's own event makes it repair the key again (within ten minutes). To keep the\npolicy, first exempt the key",
		"or pause all repairs:\n  kmsguard pause --for 4h --why \"...\"\n",
		"\n\nNot restored: nothing was written. With --yes it is.\n",
	} {
		preview.check(t, exitDifferent, words, "")
	}
	if h.policy(t, arn) != after {
		t.Error("without --yes it wrote")
	}

	done := h.desk(t, "restore", record, "--yes", "--config", configuration)
	done.check(t, exitFine, "\n\nRestored: the key has the archived policy.\n", "")
	if got := h.policy(t, arn); got != before {
		t.Errorf("the policy is\n%s\nwant\n%s", got, before)
	}
	put := decode[struct {
		Detail struct {
			RequestParameters struct {
				Policy                         string
				BypassPolicyLockoutSafetyCheck bool
			}
		}
	}](t, read(t, h.lastEvent(t))).Detail.RequestParameters
	if put.Policy != before || put.BypassPolicyLockoutSafetyCheck {
		t.Errorf("it put %+v", put)
	}

	restoredEvent := h.lastEvent(t)
	h.desk(t, "restore", record, "--yes").check(t, exitFine, "Nothing to restore: the key has the archived policy already.\n", "")
	h.noWrites(t)
	again := h.repairs(t, configuration, restoredEvent) // as restore said
	if again == record || h.policy(t, arn) != after {
		t.Errorf("the next event was to repair the key again: %s\n%s", again, h.policy(t, arn))
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRestoreSaysWhatTheGuardrailWouldDo(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	repairs := write(t, "guardrail.yaml", repairConfiguration)
	_, _, record := h.repaired(t, repairs)
	exemption := "exemptions:\n  - {name: partners, match: {accounts: ['111122223333']}, owner: me, reason: why, critical: true, codes: [public-access, service-access, account-access], expires: " +
		time.Now().AddDate(0, 0, 10).Format(time.DateOnly) + "}\n"
	const anotherConfiguration = "note: the repair was made by another configuration than this one; --config names the deployed one\n"
	tests := []struct {
		because, configuration, would, words, err string
	}{
		{"the configuration repairs", repairConfiguration, "repair", "The guardrail would undo this", ""},
		{"a spelling of it is the same", "# deployed\n" + repairConfiguration, "repair", "The guardrail would undo this", ""},
		{"the mode is report", strings.Replace(repairConfiguration, "mode: repair", "mode: report", 1), "report", "The guardrail would report it, and not undo it (report-mode).", anotherConfiguration},
		{"the key is exempt", repairConfiguration + exemption, "accept", "The guardrail would let it be: it is exempt.", anotherConfiguration},
		{
			"no baseline can be applied", "version: 1\nmode: repair\nbaselines: {a: {style: api, permit: [{Effect: Allow, Principal: '*', Action: 'kms:Decrypt', Condition: {StringEquals: {'aws:PrincipalOrgID': '${OrganizationId}'}}}]}}\n",
			"report", "The guardrail would report it, and not undo it (bad-baseline).", anotherConfiguration,
		},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			configuration := write(t, "g.yaml", test.configuration)
			h.desk(t, "restore", record, "--config", configuration).check(t, exitDifferent, test.words, test.err)
			h.noWrites(t)
			got := h.desk(t, "restore", record, "--config", configuration, "--output", "json")
			got.check(t, exitDifferent, "{\n  \"configuration\": {\n    \"file\": ", test.err)
			if r := decode[restoredJSON](t, got.out); r.GuardrailWould != test.would || r.Result != "not-confirmed" || r.Outcome == nil ||
				r.Configuration.File != configuration || len(r.Configuration.Hash) != 64 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestARepairThatWouldBeHeldUndoesNothing(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	slot := string(h.archived(t, arn, logsPolicy))
	got := h.desk(t, "restore", slot, "--config", write(t, "guardrail.yaml", repairConfiguration))
	got.check(t, exitDifferent, "\nThe guardrail would report it, and not undo it (would-remove-service-access).\n", "note: ")
}

func TestJSONOfRestore(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	configuration := write(t, "guardrail.yaml", repairConfiguration)
	arn, before, record := h.repaired(t, configuration)
	after := h.policy(t, arn)
	got := h.desk(t, "restore", record, "--yes", "--config", configuration, "--output", "jsonl")
	got.check(t, exitFine, `{"configuration":{"file":"`, "")
	r := decode[restoredJSON](t, got.out)
	if r.Record != record || r.KeyARN != arn || r.Result != "restored" || r.Replaced != after || len(r.Before) != 64 || len(r.After) != 64 || r.Before == r.After ||
		r.Comparison == nil || r.Comparison.Verdict != "different" || len(r.Comparison.Excess) == 0 ||
		r.Outcome == nil || r.Outcome.Verdict != "non-compliant" || r.Outcome.ActionReason != "would-repair" || r.Outcome.Evidence != "file" || h.policy(t, arn) != before {
		t.Errorf("got %s", got.out)
	}
	got = h.desk(t, "restore", record, "--output", "json")
	got.check(t, exitFine, "{\n  \"configuration\": ", "")
	if r := decode[restoredJSON](t, got.out); r.Result != "already-there" || r.Before != r.After || r.Comparison != nil || r.Outcome != nil {
		t.Errorf("got %s", got.out)
	}
}

func TestRestoreRefusesWhatKMSWouldRefuse(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	managed := h.account.AddAWSManagedKey("us-east-1", "s3")
	const owner = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Owner"},"Action":"kms:*","Resource":"*"}`
	tests := []struct {
		because, arn, policy string
		code                 int
		err                  string
	}{
		{"malformed", "", malformedPolicy, exitError, "KMS would refuse the archived policy, which is malformed: the archived policy:3:3: unknown element"},
		{"a deleted user", "", statement(`"Principal":{"AWS":"AIDACKCEVSQ6C2EXAMPLE"},"Action":"kms:Decrypt"`), exitError, `the archived policy:2:`},
		{"a deleted role, and it says what to do", "", statement(`"Principal":{"AWS":"AROADBQP57FF2AEXAMPLE"},"Action":"kms:Decrypt"`), exitError, "KMS refuses to store the id again; mend its text, policyBefore of kmsguard history --key-id arn:"},
		{"no Action", "", statement(`"Principal":"*"`), exitError, "the archived policy:2:2, statement 2: it has no Action, no Resource or no principal"},
		{"no Resource", "", strings.Replace(statement(`"Principal":"*","Action":"kms:Decrypt"`), `"Allow","Resource":"*","Principal":"*"`, `"Allow","Principal":"*"`, 1), exitError, "statement 2: it has no Action, no Resource or no principal"},
		{"a condition that KMS refuses", "", statement(`"Principal":"*","Action":"kms:Decrypt","Condition":{"StringEquals":{"kms:ResourceAliases":"alias/x"}}`), exitError, "the archived policy:2:"},
		{"of many reasons, some", "", strings.Replace(statement(`"Principal":"*"`), "]}", strings.Repeat(`,{"Effect":"Deny","Principal":"*","Resource":"*"}`, 7)+"]}", 1), exitError, "; and 3 more; mend"},
		{"nobody could change it", "", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}}`, exitError, "nobody could change the archived policy again"},
		{"a Deny locks everybody out", "", strings.Replace(accountPolicy, "]}", `,{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*"}]}`, 1), exitError, "nobody could change the archived policy again"},
		{"another account cannot change it", "", `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}}`, exitError, "nobody could change the archived policy again"},
		{"whether anybody could is not decided", "", `{"Statement":[` + owner + `,{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`, exitInconclusive, "whether anybody could change the archived policy again is not decided"},
		{"the account under a condition that is not decided", "", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"${aws:PrincipalTag/x}*b*c"}}}}`, exitInconclusive, "is not decided, and nothing was written; whoever knows better"},
		{"what is not decided is about something else", "", undecidedPolicy, exitFine, "note: "},
		{"a key of AWS", managed, publicPolicy, exitError, managed + " is managed by AWS, and its policy cannot be changed"},
		{"a key that is gone", someKey, publicPolicy, exitError, someKey + ": describing the key: the key does not exist"},
		{"a role that does not exist, which KMS tells", "", strings.Replace(`{"Statement":`+owner+`}`, "Owner", "Nobody", 1), exitError, "KMS did not take the policy, and nothing was written: refused: a principal is not known: MalformedPolicyDocumentException: "},
		{"one role is enough", "", `{"Statement":` + owner + `}`, exitFine, "note: "},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			arn := test.arn
			if arn == "" {
				arn, _ = h.key(t, accountPolicy)
			}
			slot := h.archived(t, arn, test.policy)
			got := h.desk(t, "restore", "--yes", string(slot))
			if got.code != test.code || !strings.Contains(got.err, test.err) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, test.code, got.err, test.err)
			}
			if test.code != exitFine && arn != managed && arn != someKey && h.policy(t, arn) != accountPolicy {
				t.Errorf("it wrote %s", h.policy(t, arn))
			}
			if writes := h.cloud.Calls("PutKeyPolicy"); (len(writes) > 0) != (test.code == exitFine || strings.Contains(test.err, "KMS did not")) {
				t.Errorf("writes: %v", writes)
			}
		})
	}
}

func TestRecordIDsComeFromPeople(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	slot := string(h.archived(t, arn, publicPolicy))
	for _, id := range []string{
		"", "records/", "x", "../" + slot, slot + "/", slot + "/written", slot + " ", slot[:len(slot)-4] + "ffff", strings.Replace(slot, "records", "pending", 1),
		"kmsguard restore " + slot, arn,
	} {
		h.desk(t, "restore", "--yes", id).check(t, exitError, "", "kmsguard: the archive has no record \"")
		h.desk(t, "restore", "--yes", id).check(t, exitError, "", "; kmsguard history --key-id ID lists those of a key\n")
		h.noWrites(t)
	}
}

func TestRestoreEndsWhereTheKeyCannotBeSeenOrChanges(t *testing.T) {
	const anotherPolicy = "note: the live policy is not the one of this repair"
	denied := func(operation string, skip int) localaws.Fault {
		return localaws.Fault{Kind: localaws.AccessDenied, Operation: operation, Skip: skip}
	}
	tests := []struct {
		because string
		fault   localaws.Fault
		code    int
		out     string
		err     string
		writes  bool
	}{
		{"DescribeKey is denied", denied("DescribeKey", 0), exitError, "", "describing the key: access denied", false},
		{"the policy cannot be read", denied("GetKeyPolicy", 0), exitError, "", "what would change cannot be shown, because the key's policy cannot be read: access denied", false},
		{"the policy cannot be read again", denied("GetKeyPolicy", 1), exitError, "What would change", "reading the key policy again: access denied", false},
		{"somebody changed it meanwhile", localaws.Fault{Kind: localaws.StaleRead}, exitDifferent, "Not restored: the key's policy was changed meanwhile, and nothing was written.", anotherPolicy, false},
		{"PutKeyPolicy is denied", denied("PutKeyPolicy", 0), exitError, "What would change", "KMS did not take the policy, and nothing was written: access denied", true},
		{"KMS gives no answer", localaws.Fault{Kind: localaws.InternalError, Operation: "PutKeyPolicy", Times: 3}, exitError, "What would change", "whether it was written is not known: the same command tells", true},
		{"tags that may not be read are not known", denied("ListResourceTags", 0), exitFine, "Restored", anotherPolicy, true},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			h := newHome(t)
			h.archive(t)
			arn, _ := h.key(t, accountPolicy)
			for _, next := range []string{deniedPolicy, ownerPolicy} { // the one before is what a stale read sees
				if _, err := h.api.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &arn, Policy: aws.String(next)}); err != nil {
					t.Fatal(err)
				}
			}
			slot := h.archived(t, arn, publicPolicy)
			test.fault.KeyARN = arn
			h.cloud.Inject(test.fault)
			got := h.desk(t, "restore", "--yes", string(slot))
			if got.code != test.code || !strings.Contains(got.out, test.out) || test.out == "" && got.out != "" || !strings.Contains(got.err, test.err) {
				t.Errorf("exit code %d, want %d\nstdout %s\nstderr %s", got.code, test.code, got.out, got.err)
			}
			if wrote := len(h.cloud.Calls("PutKeyPolicy")) > 0; wrote != test.writes {
				t.Errorf("it called PutKeyPolicy: %v, want %v", wrote, test.writes)
			}
		})
	}
}

func TestRestoreOfAPolicyThatTheRepairReplacedUnseen(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	slot := h.archived(t, arn, publicPolicy)
	err := h.records(t).KeepSuperseded(t.Context(), slot, ledger.Superseded{
		Time: time.Now().UTC(), EventID: "theirs", EventTime: time.Now().UTC(), Policy: ledger.PolicyText{Text: deniedPolicy, Hash: "abc"},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.desk(t, "restore", "--yes", "--superseded", "def", string(slot)).check(t, exitError, "",
		"--superseded: the record has no such policy among its 1; kmsguard history --key-id "+arn+" --output json has their hashes")
	h.desk(t, "restore", "--yes", "--superseded", "abc", string(slot)).check(t, exitFine, "Restored", "note: ")
	if got := h.policy(t, arn); got != deniedPolicy {
		t.Errorf("the policy is %s", got)
	}
}

func TestOnlyATerminalIsAsked(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(write(t, "y", "y\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = null.Close(), file.Close() })
	for _, in := range []interruptible{{t.Context(), null}, {t.Context(), file}, {t.Context(), strings.NewReader("y\n")}} {
		if isTerminal(in) {
			t.Errorf("%T is a terminal", in.in)
		}
	}
	for answer, want := range map[string]bool{"y\n": true, "Y\n": true, "yes\n": true, "yes \r\n": true, "y": true, "": false, "\n": false, "n\n": false, "yep\n": false, "no\ny\n": false} {
		if got, err := yes(strings.NewReader(answer)); got != want || err != nil {
			t.Errorf("%q is %v, %v, want %v", answer, got, err, want)
		}
	}
	if got, err := yes(brokenReader{}); got || !errors.Is(err, errDiskFull) {
		t.Errorf("got %v, %v", got, err)
	}
}

// Whoever types at a terminal is asked. What is written to this end of one comes back as its
// echo, as if somebody had typed it.
func TestAtATerminalTheAnswerCounts(t *testing.T) {
	h := newHome(t)
	h.archive(t)
	arn, _ := h.key(t, accountPolicy)
	slot := string(h.archived(t, arn, publicPolicy))
	for _, test := range []struct {
		answer, policy string
		code           int
	}{{"n\n", accountPolicy, exitDifferent}, {"y\n", publicPolicy, exitFine}} {
		terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
		if runtime.GOOS != "linux" || err != nil {
			t.Skipf("no terminal: %v", err)
		}
		t.Cleanup(func() { _ = terminal.Close() })
		if _, err := terminal.WriteString(test.answer); err != nil {
			t.Fatal(err)
		}
		var out, errs strings.Builder
		code := run(t.Context(), []string{"restore", "--default-config", slot, "--region", "us-east-1"}, streams{in: terminal, out: &out, err: &errs})
		if code != test.code || !strings.HasSuffix(errs.String(), "\nPut the archived policy on the key? [y/N] ") || h.policy(t, arn) != test.policy {
			t.Errorf("%q: exit code %d, want %d\n%s%s", test.answer, code, test.code, out.String(), errs.String())
		}
	}
}

// brokenReader is a reader that fails.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errDiskFull }
