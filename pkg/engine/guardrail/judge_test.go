package guardrail_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// judged are the judgements of the table, in its order.
var judged = sync.OnceValue(func() []guardrail.Judgement {
	list := make([]guardrail.Judgement, len(judgements))
	for i, row := range judgements {
		list[i] = guardrail.Judge(guardrail.Snapshot{Key: row.key, Policy: row.policy, Evidence: guardrail.LivePolicy}, row.configuration, now)
	}
	return list
})

func TestJudgeGivesEveryFindingWithCodeSeverityAndStatement(t *testing.T) {
	for i, row := range judgements {
		t.Run(row.name, func(t *testing.T) {
			j := judged()[i]
			if j.Verdict != row.verdict {
				t.Errorf("verdict is %s, want %s: %s", j.Verdict, row.verdict, row.reason)
			}
			checkFindings(t, j.Findings, row)
			checkWitnesses(t, j.Findings, row.key)
		})
	}
}

// checkFindings compares the findings with a row's, in any order among equals.
func checkFindings(t *testing.T, got []guardrail.Finding, row judgement) {
	t.Helper()
	lint := func(code guardrail.Code) bool { return strings.HasPrefix(string(code), "lint-") }
	count := 0 // of lint, a row says only what it is about
	for _, f := range got {
		if !lint(f.Code) {
			count++
		}
	}
	for _, want := range row.findings {
		if lint(want.code) {
			count++
		}
	}
	if count != len(row.findings) {
		t.Errorf("%d findings, want %d: %s\n%+v", count, len(row.findings), row.reason, got)
	}
	for _, want := range row.findings {
		if !slices.ContainsFunc(got, want.is) {
			t.Errorf("no finding is %+v: %s\n%+v", want, row.reason, got)
		}
	}
}

func (want found) is(f guardrail.Finding) bool {
	at := none
	if f.Statement != nil {
		at = *f.Statement
	}
	return f.Code == want.code && f.Severity == want.severity && at == want.statement && strings.Contains(f.Message, want.message)
}

// checkWitnesses: who gains or loses access can be shown by one request; what could not be
// judged cannot.
func checkWitnesses(t *testing.T, findings []guardrail.Finding, k rules.Key) {
	t.Helper()
	for _, f := range findings {
		difference := strings.HasSuffix(string(f.Code), "-access") || strings.HasSuffix(string(f.Code), "-missing") || f.Code == guardrail.CodeHardeningDeny || f.Code == guardrail.CodeUseDenied || f.Code == guardrail.CodeControlRestricted
		isProved := !strings.HasPrefix(f.Message, "It cannot be ruled out") && f.Code != guardrail.CodeUndecided
		if isProved && difference != (f.Witness != nil) {
			t.Errorf("%s: witness %+v", f.Code, f.Witness)
		}
		if f.Witness != nil && (f.Witness.Resource != k.ARN || f.Witness.Action == "" || f.Witness.Principal == "") {
			t.Errorf("%s: witness %+v is no request for the key", f.Code, f.Witness)
		}
	}
}

// withHarmless returns the ceiling and the statements of the policy whose access beyond it has
// no severity: a service that is bound to the account.
func withHarmless(j guardrail.Judgement) policy.Set {
	above := policy.Set{Version: j.Limits.Ceiling.Version, Statements: slices.Clone(j.Limits.Ceiling.Statements)}
	for _, f := range j.Findings {
		if f.Severity == rules.Info && f.Statement != nil && f.Witness != nil && (f.Code == guardrail.CodeServiceAccess || f.Code == guardrail.CodeAccountAccess) {
			above.Statements = append(above.Statements, j.Live.Statements[*f.Statement])
		}
	}
	return above
}

func TestOnlyWhatIsProvedToLieWithinTheLimitsIsCompliantAndOnlyAProvedDifferenceOrACriticalPossibilityIsNot(t *testing.T) {
	for i, row := range judgements {
		j := judged()[i]
		within := access.Verdict("")
		for _, floor := range j.Floors {
			if within == "" || within == access.Inside {
				within = access.Within(row.key.PolicyKey(), floor, j.Live.Set, withHarmless(j)).Verdict
			}
		}
		above := j.Severity.AtLeast(rules.Low)
		switch j.Verdict {
		case guardrail.Compliant:
			if within != access.Inside || above {
				t.Errorf("%s: compliant, but it is %s the limits, with findings %+v", row.name, within, j.Findings)
			}
		case guardrail.NonCompliant:
			exactly := slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeNotGeneratedDefault })
			mistake := !slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool {
				return f.Severity.AtLeast(rules.Low) && !strings.HasPrefix(string(f.Code), "lint-")
			})
			possibly := slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool { return f.Severity == rules.Critical })
			if within != access.Different && !exactly && !mistake && !possibly {
				t.Errorf("%s: not compliant, but it is %s the limits", row.name, within)
			}
		case guardrail.CannotJudge:
			if !j.Severity.AtLeast(rules.Low) {
				t.Errorf("%s: cannot judge, but the severity is %s", row.name, j.Severity)
			}
		default:
			t.Errorf("%s: verdict %q", row.name, j.Verdict)
		}
	}
}

func TestTheWorstFindingComesFirstAndIsTheSeverity(t *testing.T) {
	worstFirst := []rules.Severity{rules.Critical, rules.High, rules.Medium, rules.Low, rules.Info, rules.NoSeverity}
	several := 0
	for i, row := range judgements {
		j := judged()[i]
		if !slices.IsSortedFunc(j.Findings, func(a, b guardrail.Finding) int {
			return slices.Index(worstFirst, a.Severity) - slices.Index(worstFirst, b.Severity)
		}) {
			t.Errorf("%s: not the worst first: %+v", row.name, j.Findings)
		}
		want := rules.NoSeverity
		if len(j.Findings) > 0 {
			want = j.Findings[0].Severity
		}
		if j.Severity != want {
			t.Errorf("%s: severity %s, want %s", row.name, j.Severity, want)
		}
		if len(j.Findings) > 1 {
			several++
		}
	}
	if several < 3 {
		t.Errorf("only %d rows have several findings; the order is not tested", several)
	}
}

func TestWorstKnowsTheOrderOfAllSeverities(t *testing.T) {
	order := []rules.Severity{rules.NoSeverity, rules.Info, rules.Low, rules.Medium, rules.High, rules.Critical}
	var findings []guardrail.Finding
	for _, severity := range order[1:] {
		findings = append(findings, guardrail.Finding{Severity: severity})
		if got := guardrail.Worst(findings); got != severity {
			t.Errorf("with %s added: worst is %s", severity, got)
		}
	}
	slices.Reverse(findings)
	if got := guardrail.Worst(findings); got != rules.Critical {
		t.Errorf("the order of findings does not matter: worst is %s", got)
	}
	if got := guardrail.Worst(nil); got != rules.NoSeverity {
		t.Errorf("of nothing: %s", got)
	}
}

// Outcomes are logged. The text of a policy is its author's, and may be a secret or a lure.
func TestMessagesQuoteNoTextOfThePolicy(t *testing.T) {
	const marker = "Marker7f3a"
	under := `,"Condition":{"StringEquals":{"kms:EncryptionContext:` + marker + `":"` + marker + `"}}`
	for name, text := range map[string]string{
		"malformed":            document(`"Sid":"` + marker + `","Effect":"` + marker + `"`),
		"an unknown element":   document(accountStatement, `"`+marker+`":1`),
		"a doubled element":    document(`"Sid":"` + marker + `","Sid":"` + marker + `"`),
		"a wrong principal":    document(statement("Allow", `{"AWS":"`+marker+`*"}`, "kms:*")),
		"a wrong operator":     document(accountStatement + `,"Condition":{"` + marker + `":{"a":"b"}}`),
		"a wrong value":        document(accountStatement + `,"Condition":{"NumericEquals":{"a":"` + marker + `"}}`),
		"an unknown action":    document(statement("Allow", adminRole, "kms:"+marker)),
		"a sid of excess":      document(accountStatement, `"Sid":"`+marker+`",`+statement("Allow", everyone, "kms:*")),
		"a sid of a Deny":      document(accountStatement, `"Sid":"`+marker+`",`+statement("Deny", everyone, "kms:*")),
		"a condition":          document(accountStatement, statement("Allow", everyone, "kms:Decrypt")+under),
		"a variable resource":  document(accountStatement, `"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"${`+marker+`}"`),
		"the id":               `{"Id":"` + marker + `","Statement":{` + statement("Allow", everyone, "kms:Decrypt") + `}}`,
		"excess in conditions": document(accountStatement+under, statement("Allow", everyone, "kms:Decrypt")+under),
	} {
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text}, api, now)
		if len(j.Findings) == 0 {
			t.Errorf("%s: no finding, nothing is tested", name)
		}
		for _, f := range j.Findings {
			if strings.Contains(f.Message, marker) {
				t.Errorf("%s: quoted in %q", name, f.Message)
			}
		}
	}
}

// Whoever makes a role chooses its path, and the message names it in terminals, chats and mails.
func TestMessagesAreNeutralWhateverTheyName(t *testing.T) {
	for _, row := range []struct{ text, want, reason string }{
		{"arn:aws:iam::111122223333:role/App may kms:Sign", "arn:aws:iam::111122223333:role/App may kms:Sign", "readable as it is"},
		{"role/<!channel>/x`y`&z", `role/\u003c!channel\u003e/x\u0060y\u0060\u0026z`, "mentions, code and markup"},
		{"a\nb\x1b[31m\u202ec", `a\u000ab\u001b[31m\u202ec`, "lines, terminal codes, direction overrides"},
		{"a\U000e0041", `a\U000e0041`, "tag characters, which do not show"},
	} {
		if got := guardrail.NewFinding(symmetric, guardrail.CodeUndecided, rules.High, row.text).Message; got != row.want {
			t.Errorf("%q, want %q: %s", got, row.want, row.reason)
		}
	}
	text := document(accountStatement, statement("Allow", `{"AWS":"arn:aws:iam::444455556666:role/<!channel>/R"}`, "kms:Encrypt"))
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, api, now)
	if message := j.Findings[0].Message; strings.Contains(message, "<") || !strings.Contains(message, `role/\u003c!channel\u003e/R`) {
		t.Errorf("message %s", message)
	}
}

func TestFindingIDsAreStableForKeyAndCode(t *testing.T) {
	other := key("aws", "eu-west-1", defaultpolicy.KeyType{})
	one := guardrail.NewFinding(symmetric, guardrail.CodeUndecided, rules.High, "one thing")
	// Users keep ids in tickets and suppressions: this value may not change between releases.
	if one.ID != "0ac7f22e10ffd687" {
		t.Errorf("id is %s", one.ID)
	}
	for _, row := range []struct {
		f      guardrail.Finding
		same   bool
		reason string
	}{
		{guardrail.NewFinding(symmetric, guardrail.CodeUndecided, rules.Low, "another thing"), true, "severity and words may change"},
		{guardrail.NewFinding(symmetric, guardrail.CodeKeyGone, rules.High, "one thing"), false, "another code"},
		{guardrail.NewFinding(other, guardrail.CodeUndecided, rules.High, "one thing"), false, "another key, of the same id"},
	} {
		if (row.f.ID == one.ID) != row.same {
			t.Errorf("id %s beside %s: %s", row.f.ID, one.ID, row.reason)
		}
	}
}

func TestJudgeIsAPureFunction(t *testing.T) {
	for i, row := range judgements {
		again := guardrail.Judge(guardrail.Snapshot{Key: row.key, Policy: row.policy, Evidence: guardrail.LivePolicy}, row.configuration, now)
		if diff := cmp.Diff(judged()[i].Findings, again.Findings); diff != "" {
			t.Errorf("%s: two judgements differ:\n%s", row.name, diff)
		}
	}
}

func TestAnOutcomeStaysReadableHoweverManyDifferencesThereAre(t *testing.T) {
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(manyStatements(80)...), Evidence: guardrail.LivePolicy}, api, now)
	last := j.Findings[len(j.Findings)-1]
	if len(j.Findings) != 51 || last.Code != guardrail.CodeMoreFindings || last.Severity != rules.Low || last.Message != "110 more findings are not listed" {
		t.Errorf("%d findings, the last is %+v", len(j.Findings), last)
	}
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprintf(`"%012d"`, i))
	}
	j = guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement, statement("Allow", `{"AWS":[`+strings.Join(names, ",")+`]}`, "kms:Encrypt"))}, api, now)
	if message := j.Findings[0].Message; len(message) > 1000 || !strings.Contains(message, "and 292 more can encrypt (kms:Encrypt)") {
		t.Errorf("a message of %d bytes: %s", len(message), message)
	}
}
