package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// JUnit writes one test suite with a test case for each key or file, in the XML that CI
// systems read. There is no standard of it; the elements and attributes are those that the
// schema of Jenkins has.
// https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
//
// A test case fails for findings at or above the severity that makes the run fail, in a key
// that is not compliant. It is an error for what could not be judged or read, and skipped for
// an exempt key and one that AWS manages. Other findings are in its output.
//
// The counts stand before the test cases, so they are kept until the end: some 200 bytes for
// a compliant key.
type JUnit struct {
	w                                 io.Writer
	run                               Run
	cases                             bytes.Buffer
	tests, failures, errored, skipped int
}

// NewJUnit returns a writer of the results of a run.
func NewJUnit(w io.Writer, run Run) *JUnit { return &JUnit{w: w, run: run} }

// junitCase is one test case.
type junitCase struct {
	XMLName xml.Name    `xml:"testcase"`
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	File    string      `xml:"file,attr,omitempty"`
	Failure *junitWhy   `xml:"failure"`
	Error   *junitWhy   `xml:"error"`
	Skipped *junitWhy   `xml:"skipped"`
	Output  *junitLines `xml:"system-out"`
}

// junitWhy says why a test case did not pass.
type junitWhy struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitLines struct {
	Text string `xml:",chardata"`
}

// Add keeps the test case of one key or file.
func (u *JUnit) Add(j Judged) error {
	o := j.Outcome
	c := junitCase{Class: "kmsguard", Name: j.name(), File: Printable(j.Source.File)}
	if o.Account != "" {
		c.Class += "." + Printable(strings.Trim(o.Account+"."+o.Region, "."))
	}
	worse, other := u.split(j)
	switch o.Verdict {
	case guardrail.Exempt:
		u.skipped++
		c.Skipped = &junitWhy{Message: Printable("exempt: " + o.Exemption)}
	case guardrail.NothingToJudge:
		u.skipped++
		c.Skipped = &junitWhy{Message: Printable("nothing to judge: " + o.ActionReason)}
	case guardrail.Compliant:
	case guardrail.NonCompliant:
		if o.Severity.AtLeast(u.run.FailOn) {
			u.failures++
			c.Failure = whyOf(string(o.Severity), worse)
			worse = nil
		}
	default:
		u.errored++
		c.Error = whyOf(string(o.Verdict), slices.Concat(worse, other))
		worse, other = nil, nil
	}
	if lines := slices.Concat(worse, other); len(lines) > 0 {
		c.Output = &junitLines{strings.Join(lines, "\n")}
	}
	return u.keep(c)
}

// split returns the findings of a result as lines: those at or above the severity that makes
// the run fail, and the others.
func (u *JUnit) split(j Judged) (worse, other []string) {
	for _, i := range j.items() {
		line := Printable(string(i.severity)) + " " + string(i.code) + i.where() + ": " + i.message
		if i.severity.AtLeast(u.run.FailOn) && !i.isExcused {
			worse = append(worse, line)
		} else {
			other = append(other, line)
		}
	}
	return worse, other
}

// whyOf returns why a test case failed: all lines, with the first as the message.
func whyOf(kind string, lines []string) *junitWhy {
	why := &junitWhy{Type: Printable(kind), Text: strings.Join(lines, "\n")}
	if len(lines) > 0 {
		why.Message = lines[0]
	}
	return why
}

// Missed keeps the test case of a key or file of which there is no outcome.
func (u *JUnit) Missed(g Gap) error {
	u.errored++
	return u.keep(junitCase{Class: "kmsguard", Name: Printable(g.Name), Error: &junitWhy{Type: "not-read", Message: Printable(g.Why)}})
}

func (u *JUnit) keep(c junitCase) error {
	u.tests++
	text, err := xml.MarshalIndent(c, "    ", "  ")
	if err != nil {
		return fmt.Errorf("writing a test case: %w", err)
	}
	u.cases.Write(text)
	u.cases.WriteByte('\n')
	return nil
}

// junitSuite is the start of the test suite.
type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// End writes the test suite.
func (u *JUnit) End() error {
	suite := junitSuite{
		Name: "kmsguard", Tests: u.tests, Failures: u.failures, Errors: u.errored, Skipped: u.skipped,
		Properties: []junitProperty{
			{"version", Printable(u.run.Version)},
			{"configuration", Printable(u.run.Configuration)},
			{"configurationHash", u.run.ConfigurationHash},
			{"failOn", string(u.run.FailOn)},
		},
	}
	text, err := xml.MarshalIndent(suite, "  ", "  ")
	if err != nil {
		return fmt.Errorf("writing the test suite: %w", err)
	}
	head, end := text[:bytes.LastIndexByte(text, '\n')+1], text[bytes.LastIndexByte(text, '\n')+1:]
	_, err = fmt.Fprintf(u.w, "%s<testsuites>\n%s%s%s\n</testsuites>\n", xml.Header, head, u.cases.Bytes(), end)
	return err
}

// where names the statement of a finding and its line, if they are known, after a comma.
func (i item) where() string {
	if i.statement == 0 {
		return ""
	}
	words := ", statement " + strconv.Itoa(i.statement)
	if i.sid != "" {
		words += ` "` + i.sid + `"`
	}
	if i.line > 0 {
		words += " on line " + strconv.Itoa(i.line)
	}
	return words
}
