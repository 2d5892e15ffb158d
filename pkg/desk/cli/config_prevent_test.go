package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

const preventing = `version: 1
organization: {id: o-a1b2c3d4e5}
baselines:
  standard:
    style: console
    administrators: {required: ["arn:aws:iam::111122223333:role/KeyAdmin"]}
    users: {permitted: ["arn:aws:iam::444455556666:root"]}
    permit:
      - {Effect: Allow, Principal: "*", Action: kms:DescribeKey, Resource: "*", Condition: {ArnLike: {aws:PrincipalArn: "arn:aws:iam::*:role/Reader"}}}
`

func TestPreventPrintsThePoliciesWithTheirReasons(t *testing.T) {
	file := write(t, "guardrail.yaml", preventing)
	both := kmsguard(t, "", "config", "prevent", "--config", file)
	both.check(t, exitFine, "SERVICE CONTROL POLICY (scp)\n  KeepLockoutCheck: Nobody may skip", "configuration: "+file)
	both.check(t, exitFine, "RESOURCE CONTROL POLICY (rcp)\n  KeepOutsidersOut: Nobody outside", "kmsguard: note: baseline standard permits arn:aws:iam::*:role/Reader, whose account is a pattern")
	for _, which := range []string{"scp", "rcp"} {
		one := kmsguard(t, "", "config", "prevent", which, "--config", file)
		one.check(t, exitFine, "{\n", "kmsguard: note: Nobody ")
		var policy struct{ Statement []struct{ Sid string } }
		if err := json.Unmarshal([]byte(one.out), &policy); err != nil || len(policy.Statement) == 0 || !strings.Contains(both.out, one.out) {
			t.Errorf("%s: %v: %s", which, err, one.out)
		}
	}
	kmsguard(t, "", "config", "prevent", "--config", file, "--output", "json").check(t, exitFine, `"rcp": {`, "configuration: ")
}

func TestWhatPreventCannotDo(t *testing.T) {
	for _, row := range []struct{ reason, text, want string }{
		{"outsiders are told by the organization", strings.Replace(preventing, "organization: {id: o-a1b2c3d4e5}\n", "", 1), "organization.id is missing"},
		{"the file is wrong", preventing + "mode: x\n", "unknown mode"},
	} {
		kmsguard(t, "", "config", "prevent", "--config", write(t, "guardrail.yaml", row.text)).check(t, exitError, "", row.want)
	}
	kmsguard(t, "", "config", "prevent", "sp", "--config", write(t, "guardrail.yaml", preventing)).check(t, exitError, "", "expected scp or rcp")
	t.Chdir(t.TempDir())
	kmsguard(t, "", "config", "prevent").check(t, exitError, "", "there is no guardrail.yaml")
}
