package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// decisionAnswer is the public JSON of a decision, alone or on a line.
type decisionAnswer struct {
	ID           json.RawMessage
	Decision     string
	Error        string
	Inconclusive []struct {
		Statement      *int
		Reason, Detail string
	}
}

// requestJSON is a request of a user of an account, for kms:Decrypt.
func requestJSON(account, allows string) string {
	return `{"principal":"arn:aws:iam::` + account + `:user/alice","principalType":"user","identityPolicyAllows":` + allows +
		`,"action":"kms:Decrypt","resource":"` + someKey + `","context":{}}`
}

func TestExitCodeOfEvalIsItsDecision(t *testing.T) {
	tests := []struct {
		reason, policy, request string
		code                    int
		text, decision          string
	}{
		{"the account statement, with IAM", accountPolicy, requestJSON(account, "true"), exitFine, "delegated: allowed, because", "delegated"},
		{"the account statement, without", accountPolicy, requestJSON(account, "false"), exitDifferent, "implicitly-denied: nothing", "implicitly-denied"},
		{"anyone, without IAM", publicPolicy, requestJSON(account, "false"), exitFine, "allowed: the key policy is enough", "allowed"},
		{"anyone, from another account", publicPolicy, requestJSON("444455556666", "true"), exitFine, "delegated: allowed, because", "delegated"},
		{"a Deny", strings.Replace(deniedPolicy, "kms:ScheduleKeyDeletion", "kms:Decrypt", 1), requestJSON(account, "true"), exitDifferent, "explicitly-denied: the key policy", "explicitly-denied"},
		{"two readings", undecidedPolicy, requestJSON(account, "true"), exitInconclusive, "inconclusive: it depends", "inconclusive"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			policyFile, requestFile := write(t, "policy.json", test.policy), write(t, "request.json", test.request)
			for _, flags := range [][]string{nil, {"--key-arn", someKey}} {
				kmsguard(t, "", append([]string{"eval", policyFile, requestFile}, flags...)...).check(t, test.code, test.text, "")
			}
			kmsguard(t, test.policy, "eval", "-", requestFile).check(t, test.code, test.text, "")
			kmsguard(t, test.request, "eval", policyFile, "-").check(t, test.code, test.text, "")
			for _, format := range []string{"json", "jsonl"} {
				got := kmsguard(t, "", "eval", "--output", format, policyFile, requestFile)
				got.check(t, test.code, `"decision"`, "")
				a := decode[decisionAnswer](t, got.out)
				if a.Decision != test.decision || (len(a.Inconclusive) > 0) != (a.Decision == "inconclusive") {
					t.Errorf("%s: got %+v, want %s", format, a, test.decision)
				}
			}
		})
	}
}

func TestInconclusiveDecisionNamesThePlace(t *testing.T) {
	policyFile, requestFile := write(t, "policy.json", undecidedPolicy), write(t, "request.json", requestJSON(account, "true"))
	got := kmsguard(t, "", "eval", policyFile, requestFile)
	got.check(t, exitInconclusive, policyFile+":2:2, statement 2: NotPrincipal lists the principal, but not", "")
	got.check(t, exitInconclusive, "(not-principal-layers)\n", "")
	a := decode[decisionAnswer](t, kmsguard(t, "", "eval", "--output", "json", policyFile, requestFile).out)
	if len(a.Inconclusive) != 1 || a.Inconclusive[0].Statement == nil || *a.Inconclusive[0].Statement != 1 || a.Inconclusive[0].Reason != "not-principal-layers" || a.Inconclusive[0].Detail == "" {
		t.Errorf("got %+v", a)
	}
}

// A witness of diff goes into eval as it is, and is decided as diff says.
func TestEvalTakesTheWitnessesOfDiff(t *testing.T) {
	baseline, actual := write(t, "baseline.json", accountPolicy), write(t, "actual.json", publicPolicy)
	type difference struct {
		Excess []struct{ Witness json.RawMessage }
	}
	diff := decode[difference](t, kmsguard(t, "", "diff", "--key-arn", someKey, "--output", "json", baseline, actual).out)
	if len(diff.Excess) == 0 {
		t.Fatal("no excess")
	}
	for _, d := range diff.Excess {
		witness := write(t, "witness.json", string(d.Witness))
		if got := kmsguard(t, "", "eval", actual, witness); got.code != exitFine || got.err != "" {
			t.Errorf("%s\nin actual: %+v", d.Witness, got)
		}
		if got := kmsguard(t, "", "eval", baseline, witness); got.code != exitDifferent || got.err != "" {
			t.Errorf("%s\nin baseline: %+v", d.Witness, got)
		}
	}
}

func TestEvalSaysWhatItTakesForAbsent(t *testing.T) {
	conditional := write(t, "policy.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"alice"}}}}`)
	bare := requestJSON(account, "true")
	kmsguard(t, bare, "eval", conditional, "-").check(t, exitDifferent, "implicitly-denied", "note: the policy asks about aws:username, which every such request has")
	full := strings.Replace(bare, `"context":{}`, `"context":{"aws:username":"alice"}`, 1)
	kmsguard(t, full, "eval", conditional, "-").check(t, exitFine, "allowed", "")
}

func TestBadInputOfEval(t *testing.T) {
	good, bad := write(t, "good.json", accountPolicy), write(t, "bad.json", malformedPolicy)
	request := write(t, "request.json", requestJSON(account, "true"))
	noKey := write(t, "no-key.json", strings.Replace(requestJSON(account, "true"), someKey, "", 1))
	tests := []struct {
		reason string
		in     string
		args   []string
		want   string
	}{
		{"a malformed policy has file, line and column", "", []string{bad, request}, bad + ":3:3: "},
		{"a malformed request", "", []string{good, bad}, bad + `: request: unknown field "Version"`},
		{"a request on standard input", "{}", []string{good, "-"}, "standard input: request: principal: is missing"},
		{"the files the other way round", "", []string{request, good}, "unknown element"},
		{"no such file", "", []string{good, "nowhere.json"}, "nowhere.json: no such file or directory"},
		{"a key that nobody named", "", []string{good, noKey}, "Say so with --key-arn"},
		{"a flag that is not a key ARN", "", []string{"--key-arn", "alias/x", good, request}, `--key-arn: "alias/x" is not the ARN of a key`},
		{"a resource that is not a key ARN", strings.Replace(requestJSON(account, "true"), "key/", "alias/", 1), []string{good, "-"}, "request: resource: "},
		{"a request for another key", "", []string{"--key-arn", someKey + "0", good, request}, "request: resource: "},
		{"a principal of another partition", strings.Replace(requestJSON(account, "true"), "arn:aws:iam", "arn:aws-cn:iam", 1), []string{good, "-"}, "request: principal: "},
		{"standard input twice", accountPolicy, []string{"-", "-"}, "only one of policy and request can be standard input (see kmsguard eval --help)"},
		{"one file", "", []string{good}, "expected two files, POLICY and REQUEST, got 1"},
		{"a batch and a file", "", []string{"--batch", "-", good}, "--batch takes"},
		{"a batch and a key", "", []string{"--batch", "-", "--key-arn", someKey}, "--batch takes"},
		{"no batch file", "", []string{"--batch", filepath.Join(t.TempDir(), "nowhere")}, "no such file"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			kmsguard(t, test.in, append([]string{"eval"}, test.args...)...).check(t, exitError, "", test.want)
		})
	}
}

// evalLine makes one line of a batch of raw JSON values.
func evalLine(id, policy, request string) string {
	flat := strings.NewReplacer("\n", " ")
	return fmt.Sprintf(`{"id":%s,"policy":%s,"request":%s}`, id, flat.Replace(policy), request) + "\n"
}

func TestBatchOfEvalAnswersInOrder(t *testing.T) {
	with, without := requestJSON(account, "true"), requestJSON(account, "false")
	in := strings.Replace(evalLine("1", accountPolicy, with), "{", `{"keyArn":null,`, 1) + evalLine(`"two"`, quote(t, accountPolicy), without) + "\n" +
		evalLine("3", undecidedPolicy, with) + `{"policy":` + accountPolicy + `,"request":` + with + `,"keyArn":"` + someKey + `","note":"ignored"}`
	want := []decisionAnswer{
		{ID: json.RawMessage("1"), Decision: "delegated"}, {ID: json.RawMessage(`"two"`), Decision: "implicitly-denied"},
		{ID: json.RawMessage("3"), Decision: "inconclusive"}, {ID: json.RawMessage("null"), Decision: "delegated"},
	}
	got := kmsguard(t, in, "eval", "--batch", "-")
	got.check(t, exitFine, `{"id":1,"decision":"delegated"}`+"\n", "")
	if fromFile := kmsguard(t, "", "eval", "--batch", write(t, "requests.jsonl", in)); fromFile != got {
		t.Errorf("a file and standard input differ: %+v, %+v", fromFile, got)
	}
	asArray := decode[[]decisionAnswer](t, kmsguard(t, in, "eval", "--batch", "-", "--output", "json").out)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if len(lines) != len(want) || len(asArray) != len(want) {
		t.Fatalf("%d lines and %d elements, want %d", len(lines), len(asArray), len(want))
	}
	for i, text := range lines {
		for _, a := range []decisionAnswer{decode[decisionAnswer](t, text), asArray[i]} {
			if string(a.ID) != string(want[i].ID) && (a.ID != nil || string(want[i].ID) != "null") || a.Decision != want[i].Decision || a.Error != "" {
				t.Errorf("answer %d is %+v, want %+v", i, a, want[i])
			}
		}
	}
}

func TestBadLineOfEvalIsAnAnswer(t *testing.T) {
	good := evalLine("9", accountPolicy, requestJSON(account, "true"))
	tests := []struct {
		reason, line, id, want string
	}{
		{"not JSON", "nonsense", "null", "line 1: expected an object with id, keyArn, policy and request"},
		{"half an object", `{"id":1,"policy":`, "1", "line 1: the line ends before its object does"},
		{"two objects", strings.TrimSpace(good) + "{}", "9", "something follows"},
		{"no policy", `{"id":1,"request":` + requestJSON(account, "true") + `}`, "1", "policy is missing"},
		{"no request", `{"id":1,"policy":` + accountPolicy + `}`, "1", "request is missing"},
		{"a malformed policy", `{"id":1,"policy":{},"request":{}}`, "1", "policy:1:1: "},
		{"a malformed request", `{"id":{"a":1},"policy":` + accountPolicy + `,"request":{}}`, `{"a":1}`, "request: principal: is missing"},
		{"a field twice", `{"id":1,"id":2}`, "1", `the field \"id\" is there twice`},
		{"almost a field", `{"id":1,"keyARN":"x"}`, "1", "did you mean keyArn?"},
		{"a key ARN that is none", strings.Replace(good, `"id":9`, `"id":9,"keyArn":"x"`, 1), "9", `keyArn: \"x\" is not the ARN of a key`},
		{"a key ARN that is no string", strings.Replace(good, `"id":9`, `"id":9,"keyArn":7`, 1), "9", "keyArn is not a string"},
		{"another key", strings.Replace(good, `"id":9`, `"id":9,"keyArn":"`+someKey+`0"`, 1), "9", "request: resource: "},
		{"too long", `{"id":"` + strings.Repeat("a", maxLineBytes) + `"}`, "null", "longer than"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := kmsguard(t, strings.TrimSpace(test.line)+"\n"+good, "eval", "--batch", "-")
			first, rest, _ := strings.Cut(got.out, "\n")
			if !strings.HasPrefix(first, `{"id":`+test.id+`,"error":`) || !strings.Contains(first, test.want) {
				t.Errorf("got %s, want id %s and …%s…", first, test.id, test.want)
			}
			if got.code != exitFine || rest != `{"id":9,"decision":"delegated"}`+"\n" {
				t.Errorf("exit code %d; the rest is %s", got.code, rest)
			}
		})
	}
}

func TestWriterErrorOfEvalIsAnError(t *testing.T) {
	policyFile, requestFile := write(t, "policy.json", accountPolicy), write(t, "request.json", requestJSON(account, "true"))
	for _, args := range [][]string{
		{"eval", policyFile, requestFile}, {"eval", "--output", "json", policyFile, requestFile}, {"eval", "--batch", write(t, "requests.jsonl", "{}\n")},
	} {
		if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}}); code != exitError {
			t.Errorf("%q: exit code %d, want %d", args, code, exitError)
		}
	}
}
