package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// SARIF writes findings in SARIF 2.1.0, as they come, with one rule for each code that
// occurred.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
//
// A key without findings is in no result. A key that could not be judged is: its findings,
// such as undecided, are rules of their own, with the level of their severity. Findings of an
// exempt key are suppressed, with the name of the exemption. What was not read at all is a
// notification of the tool, and executionSuccessful is false.
type SARIF struct {
	w       io.Writer
	run     Run
	err     error
	count   int
	rules   []sarifRule
	indexes map[guardrail.Code]int
	gaps    []sarifNotification
}

// NewSARIF returns a writer of the results of a run.
func NewSARIF(w io.Writer, run Run) *SARIF {
	s := &SARIF{w: w, run: run, indexes: map[guardrail.Code]int{}, gaps: []sarifNotification{}, rules: []sarifRule{}}
	s.text("{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n  \"version\": \"2.1.0\",\n  \"runs\": [\n    {\n      \"results\": [")
	return s
}

// Add writes the findings of one key or file.
func (s *SARIF) Add(j Judged) error {
	for _, i := range j.items() {
		before := ",\n        "
		if s.count++; s.count == 1 {
			before = "\n        "
		}
		s.text(before)
		s.value(s.result(j, i), "        ")
	}
	return s.err
}

// Missed remembers a key or file of which there is no outcome.
func (s *SARIF) Missed(g Gap) error {
	s.gaps = append(s.gaps, sarifNotification{Level: "error", Message: sarifText(Printable(g.Name + ": " + g.Why))})
	return s.err
}

// End writes the rules and the notifications.
func (s *SARIF) End() error {
	s.text("\n      ],\n      \"tool\": ")
	s.value(sarifTool{sarifDriver{
		Name: "kmsguard", Version: Printable(s.run.Version), InformationURI: "https://github.com/kms-guardrail/kms-guardrail", Rules: s.rules,
	}}, "      ")
	s.text(",\n      \"invocations\": ")
	s.value([]sarifInvocation{{ExecutionSuccessful: len(s.gaps) == 0, Notifications: s.gaps}}, "      ")
	s.text(",\n      \"properties\": ")
	s.value(map[string]string{
		"configuration": Printable(s.run.Configuration), "configurationHash": s.run.ConfigurationHash,
	}, "      ")
	s.text("\n    }\n  ]\n}\n")
	return s.err
}

func (s *SARIF) text(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}

func (s *SARIF) value(value any, prefix string) {
	text, err := JSON(value, prefix, "  ")
	if s.err == nil {
		s.err = err
	}
	s.text(string(text))
}

// result returns what is written of one finding.
func (s *SARIF) result(j Judged, i item) sarifResult {
	o := j.Outcome
	aliases := []string{}
	for _, a := range o.Aliases {
		aliases = append(aliases, Printable(a))
	}
	r := sarifResult{
		RuleID: string(i.code), RuleIndex: s.rule(i), Level: sarifLevel(i.severity), Message: sarifText(j.told(i)),
		Locations: []sarifLocation{s.location(j, i)},
		Properties: sarifProperties{
			Severity: string(i.severity), Verdict: Printable(string(o.Verdict)), KeyARN: Printable(o.KeyARN), Aliases: aliases,
			Rule: Printable(o.Rule), Baseline: Printable(o.Baseline), Action: Printable(string(o.Action)), ActionReason: Printable(o.ActionReason),
		},
	}
	if i.id != "" {
		r.Fingerprints = fingerprints(j, i)
	}
	if i.isExcused {
		r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: Printable("exemption " + o.Exemption)}}
	}
	return r
}

// fingerprints tells results apart from run to run. GitHub takes results of one rule at one
// line for the same, and live keys all have the same line, so it gets their ids.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
func fingerprints(j Judged, i item) map[string]string {
	prints := map[string]string{"kmsguardFinding/v1": i.id}
	if j.Source.File == "" {
		prints["primaryLocationLineHash"] = fmt.Sprintf("%s:%d", i.id, i.statement)
	}
	return prints
}

// rule returns the index of the rule of a finding. A rule is as severe as the worst of its
// findings.
func (s *SARIF) rule(i item) int {
	index, ok := s.indexes[i.code]
	if !ok {
		index = len(s.rules)
		s.indexes[i.code] = index
		help := sarifText(helpOf(i.code))
		s.rules = append(s.rules, sarifRule{ID: string(i.code), Name: string(i.code), ShortDescription: sarifText(strings.ReplaceAll(string(i.code), "-", " ")), FullDescription: help, Help: help})
	}
	if r := &s.rules[index]; !ok || i.severity.Compare(r.severity) > 0 {
		r.severity, r.Configuration.Level = i.severity, sarifLevel(i.severity)
		r.Properties = sarifRuleProperties{Tags: []string{"security", "aws-kms"}, SecuritySeverity: securitySeverities[i.severity]}
	}
	return index
}

// location says where a finding is: the file and line, the key, or both. GitHub refuses a
// whole file in which one result has no file and line, so a live key has the file of the
// configuration that it was judged by, and a line that is not known is the first.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
func (s *SARIF) location(j Judged, i item) sarifLocation {
	var l sarifLocation
	name := cmp.Or(Printable(j.Outcome.KeyARN), Printable(j.Source.place(0)), "(no key)")
	l.Logical = []sarifLogical{{FullyQualifiedName: name, Kind: "resource"}}
	file := j.Source.File
	if file == "" {
		file = s.run.Configuration
	}
	if file == "" {
		return l
	}
	l.Physical = &sarifPhysical{Artifact: artifactOf(file), Region: sarifRegion{StartLine: 1}}
	if line := j.line(i); j.Source.File != "" && line > 0 {
		l.Physical.Region.StartLine = line
	}
	return l
}

// artifactOf names a file: an absolute one by itself, another below the root of the sources,
// which is the working directory.
func artifactOf(file string) sarifArtifact {
	path := filepath.ToSlash(filepath.Clean(file))
	if filepath.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: path}).String(), BaseID: "%SRCROOT%"}
}

// sarifText is a message in which no text is a link, [text](address), or a placeholder, {0}.
func sarifText(text string) sarifMessage {
	return sarifMessage{strings.NewReplacer(`](`, `\](`, `{`, `{{`, `}`, `}}`).Replace(text)}
}

// sarifLevel returns the level of a severity. One that is not known is an error.
func sarifLevel(s rules.Severity) string {
	switch s {
	case rules.Medium:
		return "warning"
	case rules.Low, rules.Info:
		return "note"
	default:
		return "error"
	}
}

// securitySeverities are the numbers by which GitHub shows a severity. Info has none.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
var securitySeverities = map[rules.Severity]string{rules.Critical: "9.5", rules.High: "8.0", rules.Medium: "5.5", rules.Low: "2.0"}
