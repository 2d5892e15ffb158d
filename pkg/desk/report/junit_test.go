package report_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// unknown collects what the schema of Jenkins does not have where it is; it must stay empty.
type unknown struct {
	Attributes []xml.Attr `xml:",any,attr"`
	Elements   []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// suites is JUnit's XML as a strict reader has it.
type suites struct {
	unknown
	XMLName xml.Name `xml:"testsuites"`
	Suites  []struct {
		unknown
		Name       string `xml:"name,attr"`
		Tests      int    `xml:"tests,attr"`
		Failures   int    `xml:"failures,attr"`
		Errors     int    `xml:"errors,attr"`
		Skipped    int    `xml:"skipped,attr"`
		Properties []struct {
			unknown
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"properties>property"`
		Cases []testCase `xml:"testcase"`
	} `xml:"testsuite"`
}

type testCase struct {
	unknown
	Class     string `xml:"classname,attr"`
	Name      string `xml:"name,attr"`
	File      string `xml:"file,attr"`
	Failure   []why  `xml:"failure"`
	Error     []why  `xml:"error"`
	Skipped   []why  `xml:"skipped"`
	SystemOut string `xml:"system-out"`
}

type why struct {
	unknown
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// readJUnit reads XML, and checks that nothing else is in it and that the counts are right.
func readJUnit(t *testing.T, text string) []testCase {
	t.Helper()
	var s suites
	decoder := xml.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if _, err := decoder.Token(); err == nil {
		if token, err := decoder.Token(); err != io.EOF { //nolint:errorlint // a decoder returns it as it is
			t.Errorf("more follows: %v", token)
		}
	}
	if len(s.Suites) != 1 {
		t.Fatalf("%d suites", len(s.Suites))
	}
	suite := s.Suites[0]
	odd := []unknown{s.unknown, suite.unknown}
	failures, errored, skipped := 0, 0, 0
	for _, c := range suite.Cases {
		odd = append(odd, c.unknown)
		failures, errored, skipped = failures+len(c.Failure), errored+len(c.Error), skipped+len(c.Skipped)
		for _, list := range [][]why{c.Failure, c.Error, c.Skipped} {
			for _, w := range list {
				odd = append(odd, w.unknown)
			}
		}
		if len(c.Failure)+len(c.Error)+len(c.Skipped) > 1 {
			t.Errorf("%s has more than one result", c.Name)
		}
	}
	for _, u := range odd {
		if len(u.Attributes)+len(u.Elements) > 0 {
			t.Errorf("unknown: %+v", u)
		}
	}
	if suite.Tests != len(suite.Cases) || suite.Failures != failures || suite.Errors != errored || suite.Skipped != skipped {
		t.Errorf("the counts are %d tests, %d failures, %d errors, %d skipped; the cases have %d, %d, %d, %d", suite.Tests, suite.Failures, suite.Errors, suite.Skipped, len(suite.Cases), failures, errored, skipped)
	}
	return suite.Cases
}

func TestJUnitIsReadBackAsItWasWritten(t *testing.T) {
	for _, list := range [][]report.Judged{nil, someResults(), evilResults()} {
		text := writeAll(t, formats["results.junit.xml"], list, report.Gap{Name: evil, Why: evil})
		cases := readJUnit(t, text)
		if len(cases) != len(list)+1 {
			t.Errorf("%d cases of %d results", len(cases), len(list))
		}
		if last := cases[len(cases)-1]; last.Name != report.Printable(evil) || last.Error[0].Message != report.Printable(evil) {
			t.Errorf("the gap is %+v", last)
		}
	}
}

func TestJUnitFailsWhereTheRunDoes(t *testing.T) {
	medium := func(v guardrail.Verdict) guardrail.Outcome {
		return liveKey("x", v, rules.Medium, finding(guardrail.CodeAccountAccess, rules.Medium, -1, "m"), finding("lint-dead-statement", rules.Info, -1, "i"))
	}
	tests := []struct {
		because string
		failOn  rules.Severity
		outcome guardrail.Outcome
		want    string // the element
		out     string
	}{
		{"a finding at the line", rules.Medium, medium(guardrail.NonCompliant), "failure", "info lint-dead-statement: i"},
		{"a finding below it", rules.High, medium(guardrail.NonCompliant), "", "medium account-access: m\ninfo lint-dead-statement: i"},
		{"what is not known is not fine", rules.Critical, medium(guardrail.CannotJudge), "error", ""},
		{"nor is what this version does not know", rules.Critical, medium("strange"), "error", ""},
		{"an exemption", rules.Low, medium(guardrail.Exempt), "skipped", "medium account-access: m\ninfo lint-dead-statement: i"},
		{"compliant", rules.Low, liveKey("x", guardrail.Compliant, rules.NoSeverity), "", ""},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			run := someRun
			run.FailOn = test.failOn
			c := readJUnit(t, writeAll(t, func(w io.Writer) writer { return report.NewJUnit(w, run) }, []report.Judged{{Outcome: test.outcome}}, report.Gap{}))[0]
			got := map[bool]string{true: "failure"}[len(c.Failure) > 0] + map[bool]string{true: "error"}[len(c.Error) > 0] + map[bool]string{true: "skipped"}[len(c.Skipped) > 0]
			if got != test.want || c.SystemOut != test.out {
				t.Errorf("got %q with output %q, want %q with %q", got, c.SystemOut, test.want, test.out)
			}
		})
	}
}
