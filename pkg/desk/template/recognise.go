package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// checkText refuses what is no text that can be read.
func checkText(text []byte) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return &Unrecognised{What: "the file is empty", IsNear: true}
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return &Unrecognised{What: "a ZIP archive; if terraform plan -out wrote it, check what terraform show -json prints of it", IsNear: true}
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}), bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		return &Unrecognised{What: "the file is UTF-16, as PowerShell writes it; save it as UTF-8", IsNear: true}
	case bytes.IndexByte(text, 0) >= 0:
		return &Unrecognised{What: "the file is binary; " + expected}
	case len(text) > MaxBytes:
		return tooLong(MaxBytes)
	case utf8.Valid(text):
		return nil
	}
	valid := 0
	for valid < len(text) {
		r, size := utf8.DecodeRune(text[valid:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		valid += size
	}
	line := 1 + bytes.Count(text[:valid], []byte("\n"))
	err := &Error{Line: line, Column: valid - bytes.LastIndexByte(text[:valid], '\n'), Detail: fmt.Sprintf("a byte that is not UTF-8 (0x%02x); save the file as UTF-8", text[valid])}
	if !mentionsKeys(text) {
		return &Unrecognised{What: err.Error()}
	}
	return err
}

func tooLong(most int) error {
	return &Error{Detail: fmt.Sprintf("longer than %d bytes", most)}
}

// tooLongToRead returns the error of a text that is too long for a template.
func tooLongToRead(text []byte) error {
	if err := tooLong(maxTemplateBytes); mentionsKeys(text) {
		return err
	}
	return &Unrecognised{What: fmt.Sprintf("longer than %d bytes; %s", maxTemplateBytes, expected)}
}

// expected ends the sentences about files of no kind.
const expected = "expected a key policy, an answer of aws kms get-key-policy, a CloudFormation template, or what terraform show -json prints"

// fromJSON reads a text that starts as JSON does.
func fromJSON(text []byte, place Place) (File, error) {
	var top map[string]json.RawMessage
	if json.Unmarshal(text, &top) == nil {
		if kind := terraformKind(top); kind != "" {
			return fromTerraform(kind, text)
		}
	}
	if len(text) > maxTemplateBytes {
		return File{}, tooLongToRead(text)
	}
	root, err := readJSON(text)
	if err != nil {
		return File{}, brokenJSON(text, err)
	}
	switch {
	case root.kind == word: // get-key-policy --query Policy
		return quotedPolicy(root)
	case isTemplate(root):
		return fromTemplate(root, place)
	case root.has("Statement") || root.has("Version", "Id"):
		if problem := otherPolicy(root); problem != nil {
			return File{}, problem
		}
		return File{Kind: Policy, Keys: []Key{{Policy: string(text)}}}, nil
	case isAnswer(root):
		return fromAnswer(root)
	}
	return File{}, otherJSON(root)
}

// brokenJSON returns the error of a text that is no JSON: that of the policy's parser where it
// might be a policy, because it names what the author probably meant. In a text that names
// nothing of KMS or policies, nothing is broken that matters here.
func brokenJSON(text []byte, err error) error {
	var several *Unrecognised
	if errors.As(err, &several) {
		return err
	}
	var problem *policy.Error
	isPolicy := bytes.Contains(text, []byte(`"Statement"`)) && !bytes.Contains(text, []byte(`"Resources"`))
	if _, parsed := policy.Parse(string(text)); isPolicy && errors.As(parsed, &problem) && problem.Code != policy.TooLarge {
		err = problem
	}
	if !mentionsKeys(text) {
		return &Unrecognised{What: err.Error() + "; " + expected}
	}
	return err
}

// keyMark is in a text that has to do with keys: it is a policy, or has resources of KMS.
var keyMark = regexp.MustCompile(`"?Statement"?\s*:|"(AWS::KMS::|aws_kms_)|(?m:^"?(Resources|AWSTemplateFormatVersion)"?\s*:)`)

// mentionsKeys tells whether a text that cannot be read would matter.
func mentionsKeys(text []byte) bool { return keyMark.Match(text) }

// templateMark is a section of a template in YAML.
var templateMark = regexp.MustCompile(`(?m)^["']?(Resources|AWSTemplateFormatVersion)["']?\s*:`)

// fromYAML reads a text that does not start as JSON does.
func fromYAML(text []byte, place Place) (File, error) {
	if len(text) > maxTemplateBytes {
		return File{}, tooLongToRead(text)
	}
	root, err := readYAML(text)
	if err == nil && isTemplate(root) {
		return fromTemplate(root, place)
	}
	switch problem := otherText(text); {
	case problem != nil:
		return File{}, problem
	case err != nil && templateMark.Match(text) && bytes.Contains(text, []byte("AWS::KMS::")):
		return File{}, err
	case err != nil:
		return File{}, &Unrecognised{What: err.Error() + "; " + expected}
	default:
		return File{}, otherYAML(root)
	}
}

// isTemplate tells whether a value is a CloudFormation template.
func isTemplate(root *node) bool {
	resources := root.get("Resources")
	if resources == nil {
		return root.has("AWSTemplateFormatVersion")
	}
	if root.has("AWSTemplateFormatVersion") || root.has("Transform") {
		return true
	}
	for _, e := range resources.entries {
		if kind, ok := e.value.get("Type").scalar(); ok && strings.Contains(kind, "::") {
			return true
		}
	}
	return false
}

// isAnswer tells whether a value may be an answer of get-key-policy.
func isAnswer(root *node) bool {
	p := root.get("Policy")
	return p != nil && (p.kind == word || p.has("Statement"))
}

// fromAnswer reads an answer of aws kms get-key-policy, whose Policy is a text with the policy
// in it. Somebody may have made an object of it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
func fromAnswer(root *node) (File, error) {
	p := root.get("Policy")
	if p.kind == word {
		return quotedPolicy(p)
	}
	if problem := otherPolicy(p); problem != nil {
		return File{}, problem
	}
	text, lines := policyText(p)
	return File{Kind: Answer, Keys: []Key{{Policy: text, Lines: lines}}}, nil
}

// quotedPolicy reads a policy that is a text in the file. Its statements have no lines.
func quotedPolicy(n *node) (File, error) {
	inner, err := readJSON([]byte(n.text))
	if err != nil || inner.kind != mapping {
		return File{}, n.fail("the text is no policy: %s; %s", quoted(n.text), expected)
	}
	if !inner.has("Statement") && !inner.has("Version", "Id") {
		return File{}, otherJSON(inner)
	}
	if problem := otherPolicy(inner); problem != nil {
		return File{}, problem
	}
	return File{Kind: Answer, Keys: []Key{{Policy: n.text, Lines: []int{}}}}, nil
}

// policyText returns a policy as JSON, with the lines of its statements.
func policyText(p *node) (string, []int) {
	var b bytes.Buffer
	p.write(&b, policy.MaxBytes)
	lines := []int{}
	statements := p.get("Statement")
	switch {
	case statements == nil:
	case statements.kind == list:
		for _, s := range statements.items {
			lines = append(lines, s.line)
		}
	default:
		lines = append(lines, statements.line)
	}
	return b.String(), lines
}
