package notify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	// mostBytes of a message, with its subject and attributes, stay under SNS's 256 KB.
	// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
	mostBytes = 240 << 10
	// mostSubject is one less than SNS's limit of "less than 100 characters".
	mostSubject = 99
)

// message is an outcome as SNS takes it.
type message struct {
	subject string
	// body is JSON: a text for each kind of subscriber.
	// https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
	body       string
	attributes map[string]string
}

// newMessage writes an outcome down. If that is too long, it lists half of the findings
// and of the edits, the worst first, and so on. The error is that of an outcome which has
// no JSON form.
func newMessage(o guardrail.Outcome) (message, error) {
	o, err := harmless(o)
	if err != nil {
		return message{}, err
	}
	m := message{subject: subject(o), attributes: map[string]string{
		"severity": string(o.Severity), "verdict": string(o.Verdict), "action": string(o.Action),
		"account": o.Account, "region": o.Region,
	}}
	for list := max(len(o.Findings)+len(o.Resolved), len(edits(o))); ; list /= 2 {
		if m.body, err = body(o, list, m.subject); err != nil || len(m.body) <= mostBytes || list == 0 {
			return m, err
		}
	}
}

// body is the outcome with as many findings and edits at most.
func body(o guardrail.Outcome, list int, subject string) (string, error) {
	text := text(o, list)
	o.Findings = o.Findings[:min(list, len(o.Findings))]
	if o.Plan != nil {
		plan := *o.Plan
		plan.Edits = plan.Edits[:min(list, len(plan.Edits))]
		o.Plan = &plan
	}
	public, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("writing the outcome as JSON: %w", err)
	}
	return forms(string(public), text, subject)
}

// forms is the body that has a text for each kind of subscriber.
func forms(public, text, subject string) (string, error) {
	body, err := json.Marshal(map[string]string{"default": public, "email": text, "sms": subject})
	return string(body), err
}

const (
	// mostText is the longest that a finding's message and an edit are shown, in bytes;
	// mostName is that of all other strings, and above what AWS lets a name or ARN have.
	mostText = 4096
	mostName = 640
	// mostAliases is how many names of a key are shown. KMS lets it have hundreds.
	mostAliases = 10
)

// harmless returns an outcome without what quotes the policy, with every string neutral
// and of bounded length, and the worst findings first. An outcome may come out of the
// archive, so none of it is taken for the guardrail's own words. It goes by the JSON form,
// to pass over no string.
func harmless(o guardrail.Outcome) (guardrail.Outcome, error) {
	o.Aliases = o.Aliases[:min(len(o.Aliases), mostAliases)]
	o.Findings = worstFirst(o.Findings)
	for i := range o.Findings {
		o.Findings[i].Witness, o.Findings[i].Lint = nil, nil
	}
	if o.Plan != nil {
		o.Plan = &guardrail.PlannedPolicy{Edits: o.Plan.Edits, Hash: o.Plan.Hash}
	}
	var clean guardrail.Outcome
	text, err := json.Marshal(o)
	if err != nil {
		return clean, fmt.Errorf("writing the outcome as JSON: %w", err)
	}
	var fields any
	if err := json.Unmarshal(text, &fields); err != nil {
		return clean, fmt.Errorf("reading the outcome's JSON: %w", err)
	}
	if text, err = json.Marshal(neutralAll("", fields)); err != nil {
		return clean, fmt.Errorf("writing the outcome as JSON: %w", err)
	}
	if err := json.Unmarshal(text, &clean); err != nil {
		return clean, fmt.Errorf("reading the outcome's JSON: %w", err)
	}
	return clean, nil
}

// worstFirst keeps the order of findings that are equally bad.
func worstFirst(findings []guardrail.Finding) []guardrail.Finding {
	sorted := make([]guardrail.Finding, 0, len(findings))
	for _, severity := range append(rules.Severities(), rules.NoSeverity) {
		for _, f := range findings {
			if f.Severity == severity || severity == rules.NoSeverity && !f.Severity.AtLeast(rules.Info) {
				sorted = append(sorted, f)
			}
		}
	}
	return sorted
}

// neutralAll makes every string of a JSON value neutral, which has this name in an outcome.
// The names of members are the guardrail's own.
func neutralAll(name string, value any) any {
	switch value := value.(type) {
	case string:
		if name == "message" || name == "edits" {
			return neutral(value, mostText)
		}
		return neutral(value, mostName)
	case []any:
		for i := range value {
			value[i] = neutralAll(name, value[i])
		}
		return value
	case map[string]any:
		for name := range value {
			value[name] = neutralAll(name, value[name])
		}
		return value
	default:
		return value
	}
}

// neutral writes what makes a link as escapes, beside what [guardrail.Neutral] does, and cuts
// what is too long. Whoever calls KMS chooses the name of his
// session and of his program, and somebody reads them in a mail that he trusts.
func neutral(text string, most int) string {
	text = strings.ReplaceAll(text, "://", `:\u002f\u002f`)
	var b strings.Builder
	for _, r := range text {
		if b.Len() > most {
			return b.String() + "..."
		}
		b.WriteString(guardrail.Neutral(string(r)))
	}
	return b.String()
}
