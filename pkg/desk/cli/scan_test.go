package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// scan runs the command against embedded AWS, by the API default unless args say otherwise.
func (h *home) scan(t *testing.T, args ...string) result {
	t.Helper()
	h.cloud.ResetCalls()
	if !slices.Contains(args, "--config") {
		args = append(args, "--config", write(t, "guardrail.yaml", repairConfiguration))
	}
	if !slices.Contains(args, "--region") {
		args = append(args, "--region", "us-east-1")
	}
	return kmsguard(t, "", slices.Concat([]string{"scan"}, h.endpoint, args)...)
}

// named makes a key with a policy and an alias.
func (h *home) named(t *testing.T, policy, alias string) string {
	t.Helper()
	arn, _ := h.key(t, policy)
	if _, err := h.api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/" + alias), TargetKeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	return arn
}

// idOf returns the id of a key.
func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// TestScanOf400Keys: the worst first, equal findings once, every key counted, and no more
// calls than the keys need.
func TestScanOf400Keys(t *testing.T) {
	h := newHome(t)
	for i := range 400 {
		switch {
		case i == 123:
			h.named(t, logsPolicy, "logs")
		case i%20 == 7:
			h.named(t, publicPolicy, fmt.Sprintf("team/%03d", i))
		default:
			h.key(t, accountPolicy)
		}
	}
	h.account.AddAWSManagedKey("us-east-1", "s3")
	got := h.scan(t)
	got.check(t, exitDifferent, "CRITICAL    alias/team/", "")
	if n := strings.Count(got.out, "critical  public-access"); n != 1 {
		t.Errorf("what 20 keys have in common is told %d times", n)
	}
	if critical, high := strings.Index(got.out, "CRITICAL"), strings.Index(got.out, "HIGH        alias/logs (us-east-1, "); critical < 0 || high < critical {
		t.Errorf("the worst come first:\n%s", got.out)
	}
	if !strings.HasSuffix(got.out, "\n400 keys judged: 20 critical, 1 high, 379 compliant, 0 exempt. 0 not judged. 1 managed by AWS, skipped.\n") {
		t.Errorf("the last line counts everything:\n%s", got.out)
	}
	for operation, want := range map[string]int{"ListKeys": 1, "ListAliases": 1, "DescribeKey": 401, "GetKeyPolicy": 400, "ListResourceTags": 21} {
		if n := len(h.cloud.Calls(operation)); n != want {
			t.Errorf("%d calls of %s, want %d", n, operation, want)
		}
	}
	if n := len(h.cloud.Calls()); n != 824 {
		t.Errorf("%d calls, some of them not for reading", n)
	}
}

func TestScanShowsAndFailsFromASeverityOn(t *testing.T) {
	h := newHome(t)
	h.named(t, publicPolicy, "public")
	h.named(t, logsPolicy, "logs")
	h.named(t, ownerPolicy, "app")
	h.named(t, undecidedPolicy, "undecided")
	tests := []struct {
		because string
		args    []string
		code    int
		shown   []string
	}{
		{"everything counts", nil, exitDifferent, []string{"public", "logs", "app", "undecided"}},
		{"less is not shown", []string{"--severity", "high"}, exitDifferent, []string{"public", "logs", "undecided"}},
		{"least of all", []string{"--severity", "critical"}, exitDifferent, []string{"public"}},
		{"what is shown does not decide the exit code", []string{"--severity", "critical", "--fail-on", "high"}, exitDifferent, []string{"public"}},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			got := h.scan(t, test.args...)
			got.check(t, test.code, "3 keys judged: 1 critical, 1 high, 1 medium, 0 compliant, 0 exempt. 1 not judged: 1 undecided.", "")
			for _, alias := range []string{"public", "logs", "app", "undecided"} {
				if strings.Contains(got.out, "alias/"+alias+" (") != slices.Contains(test.shown, alias) {
					t.Errorf("alias/%s: shown or not against %v:\n%s", alias, test.shown, got.out)
				}
			}
			lines := h.scan(t, append(test.args, "--output", "jsonl")...)
			if n := strings.Count(lines.out, "\n"); n != len(test.shown) {
				t.Errorf("%d lines, want %d:\n%s", n, len(test.shown), lines.out)
			}
		})
	}
}

func TestExitCodesOfScan(t *testing.T) {
	tests := []struct {
		because  string
		policies []string
		args     []string
		code     int
	}{
		{"no key is no problem", nil, nil, exitFine},
		{"all are compliant", []string{accountPolicy, accountPolicy}, nil, exitFine},
		{"a finding", []string{accountPolicy, ownerPolicy}, nil, exitDifferent},
		{"a finding below the line", []string{ownerPolicy}, []string{"--fail-on", "high"}, exitFine},
		{"what is not known is not fine", []string{undecidedPolicy}, []string{"--fail-on", "critical"}, exitInconclusive},
		{"1 before 3", []string{undecidedPolicy, publicPolicy}, nil, exitDifferent},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			h := newHome(t)
			for _, policy := range test.policies {
				h.key(t, policy)
			}
			h.scan(t, test.args...).check(t, test.code, "managed by AWS, skipped.\n", "")
			h.scan(t, append(test.args, "--output", "json")...).check(t, test.code, "[", " judged: ")
		})
	}
}

func TestOutcomesOfScanAreThoseOfCheck(t *testing.T) {
	h := newHome(t)
	arn := h.named(t, publicPolicy, "public")
	configuration := write(t, "guardrail.yaml", repairConfiguration)
	scanned := decode[[]guardrail.Outcome](t, h.scan(t, "--config", configuration, "--output", "json").out)[0]
	checked := decode[[]guardrail.Outcome](t, h.desk(t, "check", "--config", configuration, "--key-id", arn, "--output", "json").out)[0]
	scanned.Time, checked.Time = time.Time{}, time.Time{}
	if fmt.Sprintf("%+v", scanned) == fmt.Sprintf("%+v", guardrail.Outcome{}) || !slices.Equal(scanned.Aliases, []string{"alias/public"}) {
		t.Errorf("got %+v", scanned)
	}
	scanned.Plan, checked.Plan = nil, nil // pointers differ
	scanned.Findings, checked.Findings = scanned.Findings[:1], checked.Findings[:1]
	scanned.Findings[0].Witness, checked.Findings[0].Witness = nil, nil
	scanned.Findings[0].Statement, checked.Findings[0].Statement = nil, nil
	if fmt.Sprintf("%+v", scanned) != fmt.Sprintf("%+v", checked) {
		t.Errorf("scan\n%+v\ncheck\n%+v", scanned, checked)
	}
}

func TestScanTellsWhatIsDenied(t *testing.T) {
	h := newHome(t)
	h.named(t, accountPolicy, "good")
	hidden, unread := h.named(t, publicPolicy, "hidden"), h.named(t, publicPolicy, "unread")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "DescribeKey", KeyARN: hidden})
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "GetKeyPolicy", KeyARN: unread})
	got := h.scan(t)
	got.check(t, exitInconclusive, "NOT JUDGED  alias/hidden (us-east-1, "+idOf(hidden)+")\n  high      access-denied: the key's metadata cannot be read: access denied: ", "Add this statement to your IAM policy.")
	const statement = `
    "Effect": "Allow",
    "Action": [
      "kms:DescribeKey",
      "kms:GetKeyPolicy"
    ],
    "Resource": "*"
  }
`
	got.check(t, exitInconclusive, "NOT JUDGED  alias/unread (us-east-1, "+idOf(unread)+")\n  high      access-denied: you may not read the key policy: ", statement)
	got.check(t, exitInconclusive, "1 key judged: 1 compliant, 0 exempt. 2 not judged: 2 access-denied. 0 managed", statement)
}

func TestScanWithoutTheListsOfTheAccount(t *testing.T) {
	h := newHome(t)
	h.named(t, accountPolicy, "logs-a")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListAliases"})
	byAlias := h.scan(t, "--config", write(t, "judged.yaml", judgedConfiguration))
	byAlias.check(t, exitInconclusive, "rule-undecided: whether rule logs matches is not known: the key's aliases are not known", `"kms:ListAliases"`)
	h.key(t, accountPolicy)
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListResourceTags", Times: 2})
	byTag := h.scan(t, "--config", write(t, "judged.yaml", judgedConfiguration))
	byTag.check(t, exitInconclusive, "rule-undecided: whether rule secret matches is not known", `"kms:ListResourceTags"`)
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListKeys"})
	h.scan(t).check(t, exitError, "", "kmsguard: listing the keys of us-east-1: access denied: ")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListKeys"})
	h.scan(t).check(t, exitError, "", "    \"Action\": [\n      \"kms:ListKeys\"\n    ],\n    \"Resource\": \"*\"\n")
}

func TestAKeyThatIsDeletedDuringTheScanIsCounted(t *testing.T) {
	h := newHome(t)
	h.key(t, accountPolicy)
	gone, _ := h.key(t, publicPolicy)
	for _, operation := range []string{"DescribeKey", "GetKeyPolicy"} {
		h.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: operation, KeyARN: gone})
		h.scan(t).check(t, exitFine, "1 key judged: 1 compliant, 0 exempt. 1 not judged: 1 deleted meanwhile. 0 managed", "")
		h.cloud.ClearFaults()
	}
}

func TestScanWaitsWhileKMSThrottles(t *testing.T) {
	h := newHome(t)
	h.key(t, accountPolicy)
	h.cloud.Inject(localaws.Fault{Kind: localaws.Throttle, Operation: "GetKeyPolicy", Times: 3}) // more often than check would try
	h.scan(t).check(t, exitFine, "1 key judged: 1 compliant", "")
}

func TestScanOfSeveralRegions(t *testing.T) {
	h := newHome(t)
	h.key(t, accountPolicy)
	other := kms.NewFromConfig(h.cloud.Config(h.owner, "eu-west-1"))
	if _, err := other.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(publicPolicy)}); err != nil {
		t.Fatal(err)
	}
	h.scan(t).check(t, exitFine, "1 key judged: 1 compliant", "")
	both := h.scan(t, "--region", "us-east-1", "--region", "eu-west-1")
	both.check(t, exitDifferent, " (eu-west-1, no alias)\n", "")
	both.check(t, exitDifferent, "2 keys judged: 1 critical, 1 compliant", "")
	t.Setenv("AWS_REGION", "eu-west-1")
	configuration := write(t, "guardrail.yaml", repairConfiguration)
	kmsguard(t, "", append([]string{"scan", "--config", configuration}, h.endpoint...)...).check(t, exitDifferent, "1 key judged: 1 critical", "")
	t.Setenv("AWS_REGION", "")
	kmsguard(t, "", append([]string{"scan", "--config", configuration}, h.endpoint...)...).check(t, exitError, "", "there is no Region: name one with --region, or set AWS_REGION (see kmsguard scan --help)")
}

func TestMisuseOfScan(t *testing.T) {
	tests := []struct {
		because string
		args    []string
		err     string
	}{
		{"a Region is checked before it is called", []string{"--region", "us-east-1", "--region", "moon"}, `--region: "moon" is not a Region`},
		{"nobody judges nothing at a time", []string{"--concurrency", "0"}, "--concurrency: 0 is not a number from 1 to 100 (see kmsguard scan --help)"},
		{"others need KMS, too", []string{"--concurrency", "101"}, "--concurrency: 101 is not a number from 1 to 100"},
		{"an id is checked", []string{"--organization-id", "foo"}, `--organization-id: "foo" is not the id`},
		{"a severity has a name", []string{"--severity", "worst"}, "must be critical, high, medium or low"},
		{"scan takes no keys", []string{"alias/a"}, `unexpected argument "alias/a"`},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			kmsguard(t, "", append([]string{"scan", "--default-config"}, test.args...)...).check(t, exitError, "", test.err)
		})
	}
}
