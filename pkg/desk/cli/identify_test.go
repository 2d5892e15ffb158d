package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const (
	adminRole = "arn:aws:iam::111122223333:role/KeyAdmin"
	userRole  = "arn:aws:iam::111122223333:role/App"
)

// consolePolicy is what default prints for an administrator, a user and another account.
func consolePolicy(t *testing.T, flags ...string) string {
	t.Helper()
	args := []string{"default", "--style", "console", "--admin", adminRole, "--user", userRole, "--user", "444455556666", "--account", account}
	got := kmsguard(t, "", append(args, flags...)...)
	if got.code != exitFine {
		t.Fatal(got.err)
	}
	return got.out
}

func TestExitCodeOfIdentifyIsItsVerdict(t *testing.T) {
	console := consolePolicy(t)
	tests := []struct {
		reason, policy string
		flags          []string
		code           int
		text, verdict  string
	}{
		{"the API default", accountPolicy, nil, exitFine, "policy.json is the API default for SYMMETRIC_DEFAULT ENCRYPT_DECRYPT\n" +
			"  also: the console default of 2024-04, 2017-02, 2015-10, 2014-11, without administrators and users\n", "default"},
		{"in other words", respelled, nil, exitFine, "policy.json is the API default for", "default"},
		{"the console default", console, nil, exitFine, "policy.json is the console default of 2024-04 for SYMMETRIC_DEFAULT ENCRYPT_DECRYPT\n" +
			"  administrators: " + adminRole + "\n  users: " + userRole + ", arn:aws:iam::444455556666:root\n", "default"},
		{"without deletion", consolePolicy(t, "--no-admin-delete"), nil, exitFine, "  administrators, who may not delete the key: " + adminRole + "\n", "default"},
		{"without anybody", accountPolicy, []string{"--style", "console"}, exitFine, "  administrators: none\n  users: none\n  also: the console default of 2017-02, 2015-10, 2014-11\n", "default"},
		{"of an older edition", consolePolicy(t, "--edition", "2017-02"), nil, exitFine, "is the console default of 2017-02 for", "default"},
		{"another style", console, []string{"--style", "api"}, exitDifferent, "policy.json is not the API default for", "not-default"},
		{"another edition", console, []string{"--edition", "2015-10", "--style", "console"}, exitDifferent, "policy.json is not a console default of 2015-10 for", "not-default"},
		{"not the latest", consolePolicy(t, "--edition", "2017-02"), []string{"--edition", "latest"}, exitDifferent, "policy.json is not a generated default of the latest edition for", "not-default"},
		{"public", publicPolicy, nil, exitDifferent, "policy.json is not a generated default for SYMMETRIC_DEFAULT ENCRYPT_DECRYPT; nearest is the API default\n\n" +
			"policy.json allows more than the API default: ", "not-default"},
		{"two readings", undecidedPolicy, nil, exitInconclusive, "whether policy.json is a generated default for SYMMETRIC_DEFAULT ENCRYPT_DECRYPT is not decided: ", "inconclusive"},
		{"undocumented, and refused", consolePolicy(t, "--key-spec", "ML_KEM_512"), []string{"--key-spec", "ML_KEM_512", "--refuse-undocumented-use"}, exitInconclusive, "AWS does not document", "inconclusive"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			file := write(t, "policy.json", test.policy)
			args := append([]string{"identify", "--key-arn", someKey, file}, test.flags...)
			got := kmsguard(t, "", args...)
			got.out = strings.ReplaceAll(got.out, file, "policy.json")
			got.check(t, test.code, test.text, "")
			for _, format := range []string{"json", "jsonl"} {
				got := kmsguard(t, "", append(args, "--output", format)...)
				got.check(t, test.code, `"verdict"`, "")
				if r := decode[identifiedJSON](t, got.out); string(r.Verdict) != test.verdict {
					t.Errorf("%s: verdict %q, want %q", format, r.Verdict, test.verdict)
				}
				if oneLine := strings.Count(got.out, "\n") == 1; oneLine != (format == "jsonl") {
					t.Errorf("%s has %d lines", format, strings.Count(got.out, "\n"))
				}
			}
		})
	}
}

func TestJSONOfAnIdentifiedDefaultCanBeUsedAsItIs(t *testing.T) {
	file := write(t, "policy.json", consolePolicy(t, "--key-spec", "HMAC_256"))
	got := kmsguard(t, "", "identify", "--account", account, "--key-spec", "HMAC_256", "--output", "json", file)
	r := decode[identifiedJSON](t, got.out)
	if len(r.Forms) != 2 || r.Forms[0].Edition != "2024-04" || r.Forms[1].Edition != "2017-02" || r.KeyType != "HMAC_256 GENERATE_VERIFY_MAC" {
		t.Fatalf("want the editions 2024-04 and 2017-02, got\n%s", got.out)
	}
	f := r.Forms[0]
	if !slices.Equal(f.Administrators, []string{adminRole}) || len(f.Users) != 2 || !f.AdministratorsMayDelete || f.Grants || f.Rotation {
		t.Errorf("got %+v", f)
	}
	again := kmsguard(t, string(f.Policy), "identify", "--account", account, "--key-spec", "HMAC_256", "-")
	again.check(t, exitFine, "standard input is the console default of 2024-04", "")
	for _, empty := range []string{`"administrators": []`, `"users": []`, `"deadPrincipals": []`} { // not null: a script indexes them
		kmsguard(t, accountPolicy, "identify", "--account", account, "--output", "json", "-").check(t, exitFine, empty, "")
	}
	kmsguard(t, publicPolicy, "identify", "--account", account, "--output", "json", "-").check(t, exitDifferent, `"forms": []`, "")
}

func TestIdentifyOfADriftedPolicyShowsTheDifferencesAsDiffDoes(t *testing.T) {
	nearest := consolePolicy(t)
	drifted := strings.Replace(nearest, `"kms:Decrypt", `, "", 1)
	file := write(t, "drifted.json", drifted)
	byIdentify := kmsguard(t, "", "identify", "--key-arn", someKey, file)
	byDiff := kmsguard(t, nearest, "diff", "--key-arn", someKey, "-", file)
	_, differences, _ := strings.Cut(byIdentify.out, "\n\n")
	flat := func(s string) string {
		return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "the console default of 2024-04", "standard input")
	}
	if byIdentify.code != exitDifferent || flat(differences) != flat(byDiff.out) {
		t.Errorf("identify says\n%s\ndiff says\n%s", byIdentify.out, byDiff.out)
	}
	got := kmsguard(t, "", "identify", "--key-arn", someKey, "--output", "json", file)
	r := decode[struct {
		Nearest    formJSON
		Comparison struct {
			Verdict string
			Missing []json.RawMessage
			Lint    *[]json.RawMessage
		}
	}](t, got.out)
	if r.Nearest.Style != "console" || r.Comparison.Verdict != "different" || len(r.Comparison.Missing) == 0 || r.Comparison.Lint == nil {
		t.Errorf("got\n%s", got.out)
	}
}

func TestDeletedPrincipalsAreNamed(t *testing.T) {
	dead := strings.Replace(consolePolicy(t), adminRole, "AROAIIIIIIIIIIIIIIIII", 1)
	got := kmsguard(t, dead, "identify", "--account", account, "-")
	got.check(t, exitFine, "  administrators: none\n", "")
	got.check(t, exitFine, "  deleted: AROAIIIIIIIIIIIIIIIII\n", "")
}

// TestFlagsOfIdentifyReachTheEngine holds each flag against the same policy without it.
func TestFlagsOfIdentifyReachTheEngine(t *testing.T) {
	rsa := []string{"--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY"}
	tests := []struct {
		of, flags []string
		code      int
	}{
		{rsa, nil, exitDifferent},
		{rsa, rsa, exitFine},
		{rsa, append(rsa, "--undocumented-grants", "omit"), exitDifferent},
		{rsa, append(rsa, "--undocumented-rotation", "include", "--edition", "latest"), exitDifferent},
		{[]string{"--origin", "EXTERNAL"}, nil, exitDifferent},
		{[]string{"--origin", "EXTERNAL"}, []string{"--origin", "EXTERNAL"}, exitFine},
		{[]string{"--multi-region", "primary"}, nil, exitDifferent},
		{[]string{"--multi-region", "primary"}, []string{"--multi-region", "replica"}, exitFine},
		{nil, []string{"--style", "any", "--edition", "any"}, exitFine},
	}
	for _, test := range tests {
		of := consolePolicy(t, test.of...)
		if got := kmsguard(t, of, append([]string{"identify", "--account", account, "-"}, test.flags...)...); got.code != test.code {
			t.Errorf("the default of %q with %q: exit code %d, want %d\n%s%s", test.of, test.flags, got.code, test.code, got.out, got.err)
		}
	}
	china := strings.ReplaceAll(accountPolicy, "arn:aws:", "arn:aws-cn:")
	kmsguard(t, china, "identify", "--account", account, "-").check(t, exitDifferent, "is not a generated default", "")
	kmsguard(t, china, "identify", "--account", account, "--partition", "aws-cn", "-").check(t, exitFine, "is the API default", "")
}

func TestBadInputOfIdentify(t *testing.T) {
	good, bad := write(t, "good.json", accountPolicy), write(t, "bad.json", malformedPolicy)
	tests := []struct {
		reason string
		args   []string
		want   string
	}{
		{"no file", []string{"--account", account}, "expected one policy file, got 0 (see kmsguard identify --help)"},
		{"two files", []string{"--account", account, good, good}, "got 2"},
		{"no account", []string{good}, "--account is required: the id of the account that owns the key; or --key-arn (see kmsguard identify --help)"},
		{"not an account", []string{"--account", "12", good}, `--account: "12" is not an account id of twelve digits`},
		{"another account than the key's", []string{"--account", "444455556666", "--key-arn", someKey, good}, `--account "444455556666" is not the account of --key-arn, 111122223333`},
		{"another partition than the key's", []string{"--partition", "aws-cn", "--key-arn", someKey, good}, `--partition "aws-cn" is not the partition of --key-arn, aws`},
		{"not a key ARN", []string{"--key-arn", "alias/x", good}, `--key-arn: "alias/x" is not the ARN of a key`},
		{"a malformed policy has file, line and column", []string{"--account", account, bad}, bad + ":3:3: "},
		{"no such file", []string{"--account", account, "nowhere.json"}, "nowhere.json: no such file or directory"},
		{"unknown style", []string{"--account", account, "--style", "cli", good}, "--style: unknown style"},
		{"unknown edition", []string{"--account", account, "--edition", "2020", good}, "--edition: unknown edition"},
		{"an edition before the key type", []string{"--account", account, "--edition", "2014-11", "--key-spec", "HMAC_256", good}, "--edition: no key of type HMAC_256"},
		{"usage not implied", []string{"--account", account, "--key-spec", "RSA_2048", good}, "--key-usage: required for RSA_2048: ENCRYPT_DECRYPT or SIGN_VERIFY"},
		{"unknown choice", []string{"--account", account, "--undocumented-grants", "maybe", good}, "known are include, omit"},
		{"whom it is for is no question here", []string{"--account", account, "--admin", adminRole, good}, "unknown flag: --admin"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			kmsguard(t, "", append([]string{"identify"}, test.args...)...).check(t, exitError, "", test.want)
		})
	}
}

func TestAHostilePolicyReachesNoTerminalFromIdentify(t *testing.T) {
	sid := "\u009b2J\u00ad"
	hostile := strings.Replace(publicPolicy, "for the partners", sid, 1)
	for _, format := range []string{"text", "json", "jsonl"} {
		got := kmsguard(t, hostile, "identify", "--account", account, "--output", format, "-")
		got.check(t, exitDifferent, `\u009b2J\u00ad`, "")
		if strings.ContainsAny(got.out, sid[:2]+"\u00ad") {
			t.Errorf("%s: raw in %q", format, got.out)
		}
	}
	file := write(t, "a\u202e.json", accountPolicy)
	if got := kmsguard(t, "", "identify", "--account", account, file); got.code != exitFine || strings.Contains(got.out, "\u202e") {
		t.Errorf("exit code %d, %q", got.code, got.out)
	}
}

func TestWriterErrorOfIdentifyIsAnError(t *testing.T) {
	for _, text := range []string{accountPolicy, publicPolicy} {
		for _, format := range []string{"text", "json"} {
			args := []string{"identify", "--account", account, "--output", format, write(t, "policy.json", text)}
			if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}}); code != exitError {
				t.Errorf("%s: exit code %d, want %d", format, code, exitError)
			}
		}
	}
}

// TestIdentifyKnowsWhatDefaultPrints asks about the latest default of every key spec.
func TestIdentifyKnowsWhatDefaultPrints(t *testing.T) {
	for _, spec := range []string{"SYMMETRIC_DEFAULT", "HMAC_512", "ML_DSA_65", "ML_KEM_768", "ECC_SECG_P256K1"} {
		text := consolePolicy(t, "--key-spec", spec)
		if _, err := policy.Parse(strings.TrimSpace(text)); err != nil {
			t.Fatal(err)
		}
		kmsguard(t, text, "identify", "--account", account, "--key-spec", spec, "-").check(t, exitFine, "is the console default of 2024-04 for "+spec, "")
	}
}
