package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// answered is the public JSON of one line of diff --batch.
type answered struct {
	ID      json.RawMessage
	Verdict string
	Error   string
}

// line makes one line of a batch of raw JSON values.
func line(id, baseline, actual string) string {
	flat := strings.NewReplacer("\n", " ")
	return fmt.Sprintf(`{"id":%s,"keyArn":%q,"baseline":%s,"actual":%s}`, id, someKey, flat.Replace(baseline), flat.Replace(actual)) + "\n"
}

func quote(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// batch runs diff --batch on standard input and reads its lines.
func batch(t *testing.T, in string, flags ...string) []answered {
	t.Helper()
	got := kmsguard(t, in, append([]string{"diff", "--batch", "-"}, flags...)...)
	if got.code != exitFine || got.err != "" {
		t.Fatalf("exit code %d and %q, want 0: a line is never an error of the stream", got.code, got.err)
	}
	var list []answered
	for text := range strings.Lines(got.out) {
		list = append(list, decode[answered](t, text))
	}
	return list
}

func TestBatchAnswersInOrder(t *testing.T) {
	in := line("1", accountPolicy, accountPolicy) + line("2", accountPolicy, publicPolicy) + line("3", accountPolicy, undecidedPolicy) +
		line("4", quote(t, accountPolicy), quote(t, respelled)) + line("5", publicPolicy, quote(t, accountPolicy))
	want := []string{"equal", "different", "inconclusive", "equal", "different"}
	file := write(t, "pairs.jsonl", in)
	for _, got := range [][]answered{batch(t, in), batch(t, in, "--output", "jsonl"), batch(t, in, "--output", "text")} {
		if len(got) != len(want) {
			t.Fatalf("%d answers, want %d", len(got), len(want))
		}
		for i, a := range got {
			if a.Verdict != want[i] || string(a.ID) != fmt.Sprint(i+1) || a.Error != "" {
				t.Errorf("answer %d is %+v, want %s", i+1, a, want[i])
			}
		}
	}
	fromFile, fromStream := kmsguard(t, "", "diff", "--batch", file), kmsguard(t, in, "diff", "--batch", "-")
	if fromFile != fromStream {
		t.Errorf("a file and standard input differ: %+v, %+v", fromFile, fromStream)
	}
	if !strings.Contains(fromFile.out, `"excess":[{"policy":"actual"`) {
		t.Errorf("an answer has the fields of a comparison; got\n%s", fromFile.out)
	}
}

func TestBatchAsOneDocument(t *testing.T) {
	tests := []struct {
		in   string
		want int
	}{{"", 0}, {line("1", accountPolicy, accountPolicy), 1}, {line("1", accountPolicy, accountPolicy) + "nonsense\n", 2}}
	for _, test := range tests {
		got := kmsguard(t, test.in, "diff", "--batch", "-", "--output", "json")
		if list := decode[[]answered](t, got.out); got.code != exitFine || list == nil || len(list) != test.want {
			t.Errorf("exit code %d and %d answers, want %d in\n%s", got.code, len(list), test.want, got.out)
		}
	}
}

func TestBatchEchoesIDsOfAnyType(t *testing.T) {
	ids := []string{`"a"`, `7`, `12345678901234567890`, `1e400`, `-0.10`, `true`, `null`, `{"a":[1,{}]}`, `["x"]`, `"é\u0041"`, `""`}
	var in strings.Builder
	for _, id := range ids {
		in.WriteString(line(id, accountPolicy, accountPolicy))
		in.WriteString(line(id, malformedPolicy, accountPolicy))
	}
	got := batch(t, in.String())
	if len(got) != 2*len(ids) {
		t.Fatalf("%d answers", len(got))
	}
	for i, a := range got {
		if want := ids[i/2]; string(a.ID) != want {
			t.Errorf("id %s came back as %s", want, a.ID)
		}
		if failed := a.Error != ""; failed != (i%2 == 1) {
			t.Errorf("answer %d is %+v", i, a)
		}
	}
}

func TestBadLineIsAnAnswerAndTheRestGoesOn(t *testing.T) {
	key := `"keyArn":"` + someKey + `"`
	policies := `"baseline":` + accountPolicy + `,"actual":` + accountPolicy
	long := `{"id":1,"actual":"` + strings.Repeat("x", maxLineBytes) + `"}`
	tests := []struct {
		reason, line, id, want string
	}{
		{"not JSON", `nonsense`, "null", "line 2: expected an object with id, keyArn, baseline and actual: invalid character"},
		{"cut off", `{"id":1,`, "1", "line 2: the line ends before its object does"},
		{"cut off in a policy", `{"id":1,"baseline":{"Version"`, "1", "line 2: the line ends before its object does"},
		{"broken behind the id", `{"id":1,"baseline":{Version}}`, "1", "line 2: invalid character"},
		{"two values", `{"id":1} {"id":2}`, "1", "line 2: something follows the object"},
		{"not an object", `["a"]`, "null", "line 2: expected an object"},
		{"null", `null`, "null", "line 2: expected an object"},
		{"nothing in it", `{}`, "null", "line 2: baseline is missing"},
		{"one policy", `{"id":1,"baseline":` + accountPolicy + `}`, "1", "line 2: actual is missing"},
		{"malformed policy with its place", `{"id":1,"baseline":` + accountPolicy + `,"actual":{"Statement":[]}}`, "1", "line 2: actual:1:"},
		{"malformed policy in a string", `{"id":1,"actual":` + accountPolicy + `,"baseline":"{\n}"}`, "1", "line 2: baseline:"},
		{"a policy that is neither", `{"id":1,"baseline":null,"actual":7}`, "1", "line 2: baseline:1:1: "},
		{"a string in a string", `{"id":1,"baseline":"\"x\"","actual":{}}`, "1", "line 2: baseline:1:1: "},
		{"keyArn of another type", `{"id":1,"keyArn":7,` + policies + `}`, "1", "line 2: keyArn is not a string"},
		{"not a key ARN", `{"id":1,"keyArn":"alias/x",` + policies + `}`, "1", `line 2: keyArn: "alias/x" is not the ARN of a key`},
		{"owner not clear", `{"id":1,"baseline":` + severalAccounts + `,"actual":` + severalAccounts + `}`, "1", "give the key ARN as keyArn"},
		{"a field twice: readers disagree which counts", `{"id":1,` + key + `,"actual":` + publicPolicy + `,` + policies + `}`, "1", `line 2: the field "actual" is there twice`},
		{"a field twice in two spellings", `{"id":1,"\u0069d":2,` + policies + `}`, "1", `the field "id" is there twice`},
		{"a duplicate key in a policy", `{"id":1,"baseline":{"Version":"2012-10-17","Version":"2008-10-17"},"actual":{}}`, "1", "(duplicate-key)"},
		{"mistyped field", `{"id":1,"keyARN":"` + someKey + `",` + policies + `}`, "1", `line 2: unknown field "keyARN"; did you mean keyArn?`},
		{"a field of another style", `{"id":1,"key_arn":"` + someKey + `",` + policies + `}`, "1", `unknown field "key_arn"; did you mean keyArn?`},
		{"the id after the mistake", `{"keyArn":7,` + policies + `,"id":"x"}`, `"x"`, "keyArn is not a string"},
		{"too long", long, "null", "line 2: longer than 4194304 bytes"},
		{"a byte that is no UTF-8 in a policy", "{\"id\":1,\"baseline\":\"\xff\",\"actual\":{}}", "1", "line 2: baseline:"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			good := line("0", accountPolicy, accountPolicy)
			got := batch(t, good+strings.ReplaceAll(test.line, "\n", " ")+"\n"+good)
			if len(got) != 3 || got[0].Verdict != "equal" || got[2].Verdict != "equal" {
				t.Fatalf("the other lines should not be affected: %+v", got)
			}
			if a := got[1]; a.Verdict != "" || string(a.ID) != test.id || !strings.Contains(a.Error, test.want) {
				t.Errorf("got id %s, verdict %q and error %q; want id %s and %q", a.ID, a.Verdict, a.Error, test.id, test.want)
			}
		})
	}
}

func TestErrorOfALineHasNothingElse(t *testing.T) {
	got := kmsguard(t, `{"id":"a"}`, "diff", "--batch", "-")
	if want := `{"id":"a","error":"line 1: baseline is missing"}` + "\n"; got.out != want {
		t.Errorf("got %q, want %q", got.out, want)
	}
}

func TestFormsOfLines(t *testing.T) {
	good := strings.TrimSuffix(line("1", accountPolicy, accountPolicy), "\n")
	tests := []struct {
		reason, in string
		want       int // answers
	}{
		{"no line", "", 0},
		{"blank lines only", "\n \t\r\n\n", 0},
		{"blank lines between", "\n" + good + "\n\n  \n" + good + "\n\n", 2},
		{"no line feed at the end", good + "\n" + good, 2},
		{"lines of Windows", good + "\r\n" + good + "\r\n", 2},
		{"no key ARN, written as null", strings.Replace(good, `"`+someKey+`"`, "null", 1) + "\n", 1},
		{"spaces around", "  " + good + "  \n", 1},
		{"further fields are ignored", strings.Replace(good, "{", `{"note":"x","lint":[],`, 1) + "\n", 1},
		{"no keyArn", strings.Replace(good, `"keyArn":"`+someKey+`",`, "", 1), 1},
		{"keyArn null", strings.Replace(good, `"`+someKey+`"`, "null", 1), 1},
		{"no id", strings.Replace(good, `"id":1,`, "", 1), 1},
		{"longer than the buffer", strings.Replace(good, "{", `{"note":"`+strings.Repeat("x", 200<<10)+`",`, 1) + "\n" + good, 2},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := batch(t, test.in)
			if len(got) != test.want {
				t.Errorf("%d answers, want %d", len(got), test.want)
			}
			for _, a := range got {
				if a.Verdict != "equal" {
					t.Errorf("got %+v", a)
				}
			}
		})
	}
}

func TestLineNumbersCountBlankAndLongLines(t *testing.T) {
	got := batch(t, "\n\nx\n"+strings.Repeat("y", maxLineBytes+1)+"\nz")
	if len(got) != 3 || !strings.HasPrefix(got[0].Error, "line 3: ") || !strings.HasPrefix(got[1].Error, "line 4: ") || !strings.HasPrefix(got[2].Error, "line 5: ") {
		t.Errorf("got %+v", got)
	}
}

func TestLineOfTheGreatestLengthIsRead(t *testing.T) {
	good := line("1", accountPolicy, accountPolicy)
	filler := strings.Repeat("x", maxLineBytes-len(good)-len(`"note":"",`))
	if got := batch(t, strings.Replace(good, "{", `{"note":"`+filler+`",`, 1)); len(got) != 1 || got[0].Verdict != "equal" {
		t.Errorf("got %+v", got)
	}
}

// failing is a reader that ends with an error.
type failing struct {
	text io.Reader
	err  error
}

func (r failing) Read(p []byte) (int, error) {
	if n, err := r.text.Read(p); err == nil {
		return n, nil
	}
	return 0, r.err
}

func TestUnreadableStreamExitsWith2(t *testing.T) {
	var out, errs strings.Builder
	in := failing{strings.NewReader(line("1", accountPolicy, accountPolicy) + "{"), errors.New("connection lost")}
	code := run(t.Context(), []string{"diff", "--batch", "-"}, streams{in: in, out: &out, err: &errs})
	if code != exitError || !strings.Contains(errs.String(), "reading line 2 of standard input: connection lost") {
		t.Errorf("exit code %d and %q", code, errs.String())
	}
	if !strings.Contains(out.String(), `"verdict":"equal"`) {
		t.Errorf("what was answered before should be there: %q", out.String())
	}
	kmsguard(t, "", "diff", "--batch", "nowhere.jsonl").check(t, exitError, "", "nowhere.jsonl: no such file")
	kmsguard(t, "", "diff", "--batch", t.TempDir()).check(t, exitError, "", "is a directory")
}

func TestBatchTakesNothingElse(t *testing.T) {
	const want = "--batch takes policies and key ARNs from its lines; give no others (see kmsguard diff --help)"
	kmsguard(t, "", "diff", "--batch", "-", "policy.json").check(t, exitError, "", want)
	kmsguard(t, "", "diff", "--batch", "-", "--key-arn", someKey).check(t, exitError, "", want)
	kmsguard(t, "", "diff", "--batch", "").check(t, exitError, "", "no such file")
	kmsguard(t, "", "diff", "--batch").check(t, exitError, "", "flag needs an argument: --batch")
}

// TestBatchAnswersBeforeTheNextLine talks with the tool as a program would that
// keeps it running.
func TestBatchAnswersBeforeTheNextLine(t *testing.T) {
	in, question := io.Pipe()
	answer, out := io.Pipe()
	done := make(chan int)
	go func() {
		code := run(t.Context(), []string{"diff", "--batch", "-"}, streams{in: in, out: out, err: io.Discard})
		_ = out.Close()
		done <- code
	}()
	answers := bufio.NewScanner(answer)
	for i := range 3 {
		if _, err := io.WriteString(question, line(fmt.Sprint(i), accountPolicy, accountPolicy)); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || string(decode[answered](t, answers.Text()).ID) != fmt.Sprint(i) {
			t.Fatalf("question %d was answered with %q", i, answers.Text())
		}
	}
	_ = question.Close()
	if answers.Scan() {
		t.Errorf("one answer too many: %q", answers.Text())
	}
	if code := <-done; code != exitFine {
		t.Errorf("exit code %d", code)
	}
}
