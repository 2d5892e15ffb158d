package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// judgedConfiguration has a rule by alias, one by tag and one by unit, and two exemptions.
const judgedConfiguration = `version: 1
mode: repair
default: roles
baselines:
  roles:
    style: console
    users: {permitted: ["arn:${Partition}:iam::${AccountId}:role/*"]}
  logs: {style: api, integrations: [cloudwatch-logs]}
  strict: {style: api}
  tagged:
    style: api
    require:
      - {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/App"}, Action: kms:Sign}
  organization:
    style: api
    permit:
      - {Effect: Allow, Principal: "*", Action: kms:Decrypt, Condition: {StringEquals: {aws:PrincipalOrgID: "${OrganizationId}"}}}
rules:
  - {name: logs, match: {aliases: [alias/logs-*]}, baseline: logs}
  - {name: secret, match: {tags: {class: secret}}, baseline: strict, mode: report}
  - {name: tagged, match: {tags: {class: tagged}}, baseline: tagged}
  - {name: shared, match: {regions: [eu-west-1]}, baseline: organization}
  - {name: workloads, match: {organizationalUnits: [ou-ab12-cdef3456], regions: [eu-west-2]}, baseline: strict}
exemptions:
  - {name: vendor, match: {aliases: [alias/vendor]}, owner: me, reason: why, expires: 2999-12-31}
`

// statement returns the account's policy with one more statement, on line 2.
func statement(elements string) string {
	return strings.Replace(accountPolicy, "]}", ",\n "+`{"Effect":"Allow","Resource":"*",`+elements+"}]}", 1)
}

var (
	appPolicy = statement(`"Principal":{"AWS":"arn:aws:iam::111122223333:role/App"},"Action":"kms:Decrypt"`)
	// crowdedPolicy is as large as KMS stores, and lets in what may be let in.
	crowdedPolicy = `{"Version":"2012-10-17","Id":"` + strings.Repeat("x", 32*1024-180) + `","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/App"},"Action":"kms:Sign","Resource":"*"}}`
	foreignPolicy = statement(`"Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt"`)
	// logsPolicy lets CloudWatch Logs in, for anybody.
	logsPolicy = statement(`"Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Decrypt"`)
	orgPolicy  = statement(`"Principal":"*","Action":"kms:Decrypt","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`)
)

// judgement is the public JSON of an outcome of check, as far as it matters here.
type judgement struct {
	event
	Rule, Baseline, Exemption, Evidence, Region, Account string
	Aliases                                              []string
	Plan                                                 *struct {
		Policy, Hash string
		Edits        []string
	}
}

func (j judgement) codes() string {
	var codes []string
	for _, f := range j.Findings {
		codes = append(codes, f.Severity+" "+f.Code)
	}
	return strings.Join(codes, ", ")
}

func TestCheckJudgesAFileAsThePolicyOfAKey(t *testing.T) {
	configuration := write(t, "guardrail.yaml", judgedConfiguration)
	tests := []struct {
		because, policy string
		flags           []string
		code            int
		want            judgement
		codes           string
		edits           int
	}{
		{
			"roles are permitted", appPolicy, nil, exitFine,
			judgement{event: event{Verdict: "compliant", Action: "none", Mode: "repair"}, Rule: "default", Baseline: "roles"}, "", 0,
		},
		{
			"the tag has a rule with another baseline", appPolicy, []string{"--tag", "class=secret"}, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "reported", ActionReason: "report-mode", Mode: "report"}, Rule: "secret", Baseline: "strict"},
			"medium account-access", 0,
		},
		{
			"a public key is repaired whatever it holds", publicPolicy, nil, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "reported", ActionReason: "would-repair", Mode: "repair"}, Rule: "default", Baseline: "roles"},
			"critical public-access, high service-access, medium account-access", 1,
		},
		{
			"what takes access from a service is held, and says so", logsPolicy, nil, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "held", ActionReason: "would-remove-service-access", Mode: "repair"}, Rule: "default", Baseline: "roles"},
			"high service-access, info repair-held", 1,
		},
		{
			"a critical finding is never held, and what else is stays", allowing(`"Principal":"*","Action":"kms:Decrypt"`, `"Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Encrypt"`),
			nil, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "reported", ActionReason: "would-repair", Mode: "repair"}, Rule: "default", Baseline: "roles"},
			"critical public-access, high service-access, high service-access, medium account-access, info repair-held", 1,
		},
		{
			"a policy without the account statement and with no room for it cannot be repaired", crowdedPolicy, []string{"--tag", "class=tagged"}, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "plan-refused", ActionReason: "too-large", Mode: "repair"}, Rule: "tagged", Baseline: "tagged"},
			"high account-statement-missing, high no-administrator, low access-missing, low lint-dead-statement, high plan-refused", 0,
		},
		{
			"an exemption is in force", foreignPolicy, []string{"--alias", "alias/vendor"}, exitFine,
			judgement{event: event{Verdict: "exempt", Action: "none", ActionReason: "exempt", Mode: "repair"}, Rule: "default", Baseline: "roles", Exemption: "vendor"},
			"high foreign-access", 0,
		},
		{
			"an exemption is in force, and the key is public", publicPolicy, []string{"--alias", "alias/vendor"}, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "reported", ActionReason: "would-repair", Mode: "repair"}, Rule: "default", Baseline: "roles", Exemption: "vendor"},
			"critical public-access, high service-access, medium account-access", 1,
		},
		{
			"integrations depend on the Region", accountPolicy, []string{"--alias", "alias/logs-a", "--region", "us-east-1"}, exitFine,
			judgement{event: event{Verdict: "compliant", Action: "none", Mode: "repair"}, Rule: "logs", Baseline: "logs"}, "", 0,
		},
		{
			"without it they have no statements", accountPolicy, []string{"--alias", "alias/logs-a"}, exitInconclusive,
			judgement{event: event{Verdict: "cannot-judge", Action: "reported", ActionReason: "bad-baseline", Mode: "repair"}, Rule: "logs", Baseline: "logs"},
			"high bad-baseline", 0,
		},
		{
			"the organization is not known", orgPolicy, []string{"--region", "eu-west-1"}, exitInconclusive,
			judgement{event: event{Verdict: "cannot-judge", Action: "reported", ActionReason: "bad-baseline", Mode: "repair"}, Rule: "shared", Baseline: "organization"},
			"high bad-baseline", 0,
		},
		{
			"the organization is known", orgPolicy, []string{"--region", "eu-west-1", "--organization-id", "o-a1b2c3d4e5"}, exitFine,
			judgement{event: event{Verdict: "compliant", Action: "none", Mode: "repair"}, Rule: "shared", Baseline: "organization"}, "", 0,
		},
		{
			"whether a rule for units applies is not known", accountPolicy, []string{"--region", "eu-west-2"}, exitInconclusive,
			judgement{event: event{Verdict: "cannot-judge", Action: "reported", ActionReason: "rule-undecided", Mode: "repair"}, Rule: "workloads"},
			"high rule-undecided", 0,
		},
		{
			"the unit is known", accountPolicy, []string{"--region", "eu-west-2", "--organizational-unit", "ou-ab12-cdef3456"}, exitFine,
			judgement{event: event{Verdict: "compliant", Action: "none", Mode: "repair"}, Rule: "workloads", Baseline: "strict"}, "", 0,
		},
		{
			"a lost account statement is put back", strings.Replace(accountPolicy, ":root", ":role/App", 1), nil, exitDifferent,
			judgement{event: event{Verdict: "non-compliant", Action: "reported", ActionReason: "would-repair", Mode: "repair"}, Rule: "default", Baseline: "roles"},
			"high account-statement-missing, medium account-access, medium account-access", 1,
		},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			file := write(t, "policy.json", test.policy)
			args := slices.Concat([]string{"check", "--config", configuration, "--account", account, "--output", "jsonl"}, test.flags, []string{file})
			got := kmsguard(t, "", args...)
			j := decode[judgement](t, got.out)
			w := test.want
			note := ""
			if slices.Contains([]string{"bad-baseline", "rule-undecided"}, w.ActionReason) {
				note = "Add --"
			}
			got.check(t, test.code, "{", note)
			if j.Verdict != w.Verdict || j.Action != w.Action || j.ActionReason != w.ActionReason || j.Mode != w.Mode || j.Rule != w.Rule ||
				j.Baseline != w.Baseline || j.Exemption != w.Exemption || j.codes() != test.codes {
				t.Errorf("got %s, want %+v with %s", got.out, w, test.codes)
			}
			if j.Schema != "1" || j.File != file || j.Trigger != "command" || j.Evidence != "file" || j.Account != account {
				t.Errorf("got %s", got.out)
			}
			if (j.Plan != nil) != (test.edits > 0) {
				t.Fatalf("a plan: %v, want one: %v: %s", j.Plan != nil, test.edits > 0, got.out)
			}
			if j.Plan == nil {
				return
			}
			if len(j.Plan.Edits) != test.edits {
				t.Errorf("%d edits, want %d: %s", len(j.Plan.Edits), test.edits, got.out)
			}
			args[len(args)-1] = write(t, "planned.json", j.Plan.Policy)
			if strings.Contains(test.codes, "medium account-access, medium") {
				kmsguard(t, "", args...).check(t, exitDifferent, `"actionReason":"below-repair-severity"`, "") // what is medium stays
				return
			}
			if j.ActionReason == "would-repair" && strings.Contains(test.codes, "repair-held") {
				kmsguard(t, "", args...).check(t, exitDifferent, `"actionReason":"would-remove-service-access"`, "")
				return
			}
			promised := "compliant"
			if test.want.Exemption != "" {
				promised = "exempt"
			}
			kmsguard(t, "", args...).check(t, exitFine, `"verdict":"`+promised+`"`, "") // what the plan promises
		})
	}
}

func TestCheckAsText(t *testing.T) {
	t.Chdir(t.TempDir()) // without guardrail.yaml
	got := kmsguard(t, publicPolicy, "check", "--default-config", "--account", account, "-")
	got.check(t, exitDifferent, "NON-COMPLIANT  standard input\n  key type  SYMMETRIC_DEFAULT ENCRYPT_DECRYPT\n  baseline  default\n  action    reported (report-mode)\n", "")
	got.check(t, exitDifferent, "  critical  public-access, statement 2 \"for the partners\" on line 2: PUBLIC: anyone with an AWS account can decrypt\n            (kms:Decrypt).\n", "")
	got.check(t, exitDifferent, "  repair    not written; it would change the policy:\n            - Removed statement 2 \"for the partners\": ", "")
	typo := kmsguard(t, allowing(`"Principal":{"AWS":"arn:aws:iam::`+account+`:root"},"Action":"kms:Decrypt","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`),
		"check", "--default-config", "--account", account, "--region", "us-east-1", "-")
	typo.check(t, exitDifferent, `"kms:ViaService" never is "s3.eu-west-1.amazonaws.com"`, "") // as diff says it
	several := kmsguard(t, "", "check", "--default-config", "--account", account, write(t, "a.json", accountPolicy), write(t, "b.json", accountPolicy))
	several.check(t, exitFine, "\n\nCOMPLIANT  ", "")
}

func TestExitCodesOfCheck(t *testing.T) {
	good, drifted := write(t, "good.json", accountPolicy), write(t, "public.json", publicPolicy)
	medium := write(t, "medium.json", statement(`"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt"`))
	undecided, malformed := write(t, "undecided.json", undecidedPolicy), write(t, "malformed.json", malformedPolicy)
	service, configuration := write(t, "service.json", logsPolicy), write(t, "judged.yaml", judgedConfiguration)
	tests := []struct {
		because string
		args    []string
		code    int
		err     string
	}{
		{"compliant", []string{good}, exitFine, ""},
		{"the account may have anything", []string{medium}, exitFine, ""},
		{"a finding", []string{drifted}, exitDifferent, ""},
		{"high is not critical", []string{"--fail-on", "critical", service}, exitFine, ""},
		{"high is high", []string{"--fail-on", "high", service}, exitDifferent, ""},
		{"critical is more than high", []string{"--fail-on", "high", drifted}, exitDifferent, ""},
		{"what is not known is not fine", []string{"--fail-on", "critical", undecided}, exitInconclusive, ""},
		{"1 before 3", []string{undecided, drifted, good}, exitDifferent, ""},
		{"2 before 1, and the rest goes on", []string{drifted, "nowhere.json", good}, exitError, "kmsguard: nowhere.json: no such file or directory\n"},
		{"a folder with nothing to judge is an error", []string{t.TempDir()}, exitError, ": nothing in it is a key policy, a CloudFormation template, or a Terraform plan or state in JSON\n"},
		{"standard input is read once", []string{"-", good, "-"}, exitError, "only one of the files can be standard input"},
		{"an account has twelve digits", []string{"--account", "12", good}, exitError, `--account: "12" is not an account id of twelve digits (see kmsguard check --help)`},
		{"a Region has no spaces", []string{"--region", "us east", good}, exitError, `--region: "us east" is not a Region, such as us-east-1`},
		{"a partition's own Regions", []string{"--region", "eusc-de-east-1", good}, exitFine, ""},
		{"an organization has an id", []string{"--organization-id", "foo", good}, exitError, `--organization-id: "foo" is not the id of an organization`},
		{"which is long enough", []string{"--organization-id", "o-a1b2c3d4e5", good}, exitFine, ""},
		{"a unit has an id", []string{"--organizational-unit", "ou-ab12-11111111", "--organizational-unit", "foo", good}, exitError, `--organizational-unit: "foo" is not the id of a unit or root`},
		{"a root is above the units", []string{"--organizational-unit", "r-ab12", good}, exitFine, ""},

		{"a usage that no spec implies", []string{"--key-spec", "RSA_2048", good}, exitError, "--key-usage: required for RSA_2048: ENCRYPT_DECRYPT or SIGN_VERIFY"},
		{"integrations are those of a Region", []string{"--config", configuration, "--alias", "alias/logs-a", good}, exitInconclusive, "Add --region: baseline logs depends on it.\n"},
		{"a rule asks for units", []string{"--config", configuration, "--region", "eu-west-2", good}, exitInconclusive, "Add --organizational-unit: which rule applies depends on it.\n"},
		{"a placeholder asks for the organization", []string{"--config", configuration, "--region", "eu-west-1", good}, exitInconclusive, "Add --organization-id: baseline organization depends on it.\n"},
		{"a malformed file has a place", []string{malformed}, exitError, "malformed.json:3:3: unknown element"},
		{"nothing to check", nil, exitError, "expected files or folders, or live keys with --key-id (see kmsguard check --help)"},
		{"either files or keys", []string{"--key-id", "x", good}, exitError, "expected files or folders, or live keys with --key-id"},
		{"no account", []string{"--account", "", good}, exitError, "--account is required"},
		{"an unknown key spec", []string{"--key-spec", "RSA", good}, exitError, "--key-spec: "},
		{"a spec of another partition", []string{"--key-spec", "SM2", "--key-usage", "SIGN_VERIFY", good}, exitError, "--partition: "},
		{"an alias without its prefix", []string{"--alias", "payments", good}, exitError, `--alias "payments" does not start with alias/`},
		{"a tag without a value", []string{"--tag", "a", good}, exitError, `--tag "a" is not a tag of its own; write KEY=VALUE`},
		{"a tag twice", []string{"--tag", "a=1", "--tag", "a=2", good}, exitError, `--tag "a=2" is not a tag of its own`},
		{"a broken configuration", []string{"--config", write(t, "g.yaml", badConfiguration), good}, exitError, "g.yaml:3:7: unknown mode `repiar`"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			t.Chdir(t.TempDir())
			got := kmsguard(t, "", append([]string{"check", "--account", account}, orDefault(t, test.args)...)...)
			if got.code != test.code || !strings.Contains(got.err, test.err) || test.err == "" && got.err != "" {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, test.code, got.err, test.err)
			}
		})
	}
}

func TestCheckOfLiveKeysOnlyReads(t *testing.T) {
	h := newHome(t)
	made, err := h.api.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(ownerPolicy), Tags: []types.Tag{{TagKey: aws.String("class"), TagValue: aws.String("secret")}}})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(made.KeyMetadata.Arn)
	if _, err := h.api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/payments"), TargetKeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	configuration := write(t, "guardrail.yaml", judgedConfiguration)
	aliasARN := strings.Split(arn, "key/")[0] + "alias/payments"
	for _, id := range []string{arn, aws.ToString(made.KeyMetadata.KeyId), "alias/payments", aliasARN} {
		h.cloud.ResetCalls()
		got := kmsguard(t, "", slices.Concat([]string{"check", "--config", configuration, "--region", "us-east-1", "--output", "json", "--key-id", id}, h.endpoint)...)
		got.check(t, exitDifferent, "[\n  {\n    \"configuration\"", "")
		j := decode[[]judgement](t, got.out)[0]
		if j.KeyARN != arn || j.Rule != "secret" || j.Evidence != "live" || !slices.Equal(j.Aliases, []string{"alias/payments"}) || j.codes() != "medium account-access" || j.Plan != nil {
			t.Errorf("%s: %s", id, got.out)
		}
		for _, call := range h.cloud.Calls() {
			if !slices.Contains([]string{"DescribeKey", "GetKeyPolicy", "ListAliases", "ListResourceTags"}, call.Operation) {
				t.Errorf("%s: it called %s", id, call.Operation)
			}
		}
	}
}

// ownerPolicy lets a role of embedded AWS in, beside the account.
var ownerPolicy = strings.ReplaceAll(appPolicy, "role/App", "role/Owner")

func TestCheckOfKeysThatCannotBeRead(t *testing.T) {
	h := newHome(t)
	good, _ := h.key(t, accountPolicy)
	check := func(args ...string) result {
		return kmsguard(t, "", slices.Concat([]string{"check", "--region", "us-east-1"}, h.endpoint, orDefault(t, args))...)
	}
	check("--key-id", "alias/nobody", "--key-id", good).check(t, exitError, "COMPLIANT  "+good, "kmsguard: alias/nobody: describing the key: the key does not exist")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "GetKeyPolicy", KeyARN: good, Times: 1})
	check("--key-id", good).check(t, exitInconclusive, "high      access-denied: you may not read the key policy", "")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListResourceTags", KeyARN: good, Times: 1})
	check("--config", write(t, "g.yaml", judgedConfiguration), "--key-id", good).check(t, exitInconclusive, "rule-undecided: whether rule secret matches is not known: the key's tags are not known", "")
	h.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "DescribeKey", KeyARN: good, Times: 1})
	check("--key-id", good).check(t, exitInconclusive, "high      access-denied: the key's metadata cannot be read", "")
	check("--key-id", good, "--alias", "alias/x").check(t, exitError, "", "--alias says what a live key says itself; leave it out with --key-id")
	managed := h.account.AddAWSManagedKey("us-east-1", "s3")
	check("--key-id", managed).check(t, exitFine, "SKIPPED  "+managed, "")
}

func TestTheOutcomeOfCheckIsAnOutcomeWithAFile(t *testing.T) {
	plain, err := json.Marshal(guardrail.Outcome{})
	if err != nil {
		t.Fatal(err)
	}
	configured := `"configuration":{"file":"g.yaml","hash":"1234"},` + string(plain[1:])
	for file, want := range map[string]string{"": "{" + configured, "x": `{"file":"x",` + configured} {
		text, err := json.Marshal(judged{File: file, Configuration: used{"g.yaml", "1234"}})
		if err != nil || string(text) != want {
			t.Errorf("%v, got %s, want %s", err, text, want)
		}
	}
}
