package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func TestExplainSaysWhichBaselineAndWhy(t *testing.T) {
	configuration := write(t, "guardrail.yaml", judgedConfiguration)
	explain := func(args ...string) result {
		return kmsguard(t, "", append([]string{"config", "explain", "--config", configuration}, args...)...)
	}
	explain("--account", account, "--alias", "alias/vendor").check(t, exitFine, `key        a key of account 111122223333
key type   SYMMETRIC_DEFAULT ENCRYPT_DECRYPT
rule       default
baseline   roles: style console, match bounds
mode       repair
exemption  vendor
why        rule logs does not match: its aliases do not include the key's
           rule secret does not match: its tags are not all on the key
           rule tagged does not match: its tags are not all on the key
           rule shared does not match: its Regions do not include the key's
           rule workloads does not match: its Regions do not include the key's
           no rule matches: the default baseline applies
           exemption vendor of me excuses everything up to high to the end of 2999-12-31 (UTC): why
`, "")
	limits := explain("--account", account, "--tag", "class=secret", "--limits")
	limits.check(t, exitFine, "rule       secret\nbaseline   strict: style api, match bounds\nmode       report\n", "")
	limits.check(t, exitFine, "\nfloor: what the policy must allow\n{\n", "")
	limits.check(t, exitFine, "\nceiling: what it may allow\n{\n", "")
	explain("--account", account, "--region", "eu-west-2").check(t, exitInconclusive, "problem    only what is critical is judged, because it is not known which rule applies: whether rule workloads", "Add --organizational-unit: which rule applies depends on it.\n")
	explain("--account", account, "--region", "eu-west-1").check(t, exitInconclusive, "problem    baseline organization does not fit this key: the baseline has ${OrganizationId}", "Add --organization-id: baseline organization depends on it.\n")
	explain("--account", account, "--alias", "alias/logs-a").check(t, exitInconclusive, "problem    baseline logs does not fit this key: integration cloudwatch-logs: it depends on", "Add --region: baseline logs depends on it.\n")
	explain().check(t, exitError, "", "--account is required")
	explain("--key-id", "a", "--key-id", "b").check(t, exitError, "", "expected one --key-id, got 2")
	explain("--key-id", "a", "--account", account).check(t, exitError, "", "--account says what a live key says itself")
}

// The limits are policies that other commands read.
func TestTheLimitsOfExplainArePolicies(t *testing.T) {
	got := kmsguard(t, "", "config", "explain", "--account", account, "--config", write(t, "guardrail.yaml", judgedConfiguration), "--output", "json")
	e := decode[explanation](t, got.out)
	if got.code != exitFine || e.Rule != "default" || e.Baseline != "roles" || len(e.Why) != 6 || e.Aliases == nil {
		t.Errorf("exit code %d, %s", got.code, got.out)
	}
	floor := write(t, "floor.json", string(e.Floor))
	kmsguard(t, "", "diff", "--key-arn", someKey, floor, write(t, "ceiling.json", string(e.Ceiling))).check(t, exitDifferent, "allows more than", "")
	kmsguard(t, "", "diff", "--key-arn", someKey, floor, write(t, "reset.json", string(e.Reset))).check(t, exitFine, "allow the same", "")
	undecided := kmsguard(t, "", "config", "explain", "--account", account, "--region", "eu-west-2", "--config", write(t, "guardrail.yaml", judgedConfiguration), "--output", "jsonl")
	undecided.check(t, exitInconclusive, `"baseline":"","mode":"repair"`, "--organizational-unit")
	undecided.check(t, exitInconclusive, `"floor":null,"ceiling":null,"reset":null,"problem":"only what is critical is judged`, "--organizational-unit")
}

func TestExplainOfALiveKey(t *testing.T) {
	h := newHome(t)
	arn, _ := h.key(t, publicPolicy)
	if _, err := h.api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/logs-a"), TargetKeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	explain := func(id string) result {
		return kmsguard(t, "", slices.Concat([]string{"config", "explain", "--region", "us-east-1", "--config", write(t, "g.yaml", judgedConfiguration), "--key-id", id}, h.endpoint)...)
	}
	h.cloud.ResetCalls()
	explain("alias/logs-a").check(t, exitFine, "key        "+arn+"\nkey type   SYMMETRIC_DEFAULT ENCRYPT_DECRYPT\nrule       logs\n", "")
	if calls := h.cloud.Calls("GetKeyPolicy", "PutKeyPolicy"); len(calls) > 0 {
		t.Errorf("it called %v", calls)
	}
	explain("alias/none").check(t, exitError, "", "kmsguard: alias/none: describing the key: the key does not exist")
	managed := explain(h.account.AddAWSManagedKey("us-east-1", "s3"))
	if managed.code != exitInconclusive || !strings.Contains(managed.out, "problem    the key is managed by AWS") {
		t.Errorf("%+v", managed)
	}
}
