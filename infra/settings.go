package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
)

// Mode says whether the deployed function may write key policies.
type Mode string

// The modes of a deployment.
const (
	// ModeReport judges and reports. The function has no permission to write.
	ModeReport Mode = "report"
	// ModeRepair also writes the generated default over a policy that is proved to
	// differ from it.
	ModeRepair Mode = "repair"
)

// Style names one of the two default key policies that AWS generates
// (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
type Style string

// The styles of a generated default.
const (
	// StyleAPI is the default of CreateKey without a policy: the account statement.
	StyleAPI Style = "api"
	// StyleConsole is the default of the console, with administrators and users.
	StyleConsole Style = "console"
)

// Settings is what one deployment chooses, each from the CDK context key that its
// comment names. The yardstick is one exact generated default for each key type.
type Settings struct {
	// Mode is guardrail:mode, report (default) or repair.
	Mode Mode
	// Style is guardrail:style, api (default) or console.
	Style Style
	// Administrators is guardrail:administrators: ARNs of IAM users and roles, comma
	// separated or a JSON list, whom the console default names as key administrators.
	Administrators []string
	// Users is guardrail:users: as Administrators, the key users. An account's root ARN
	// lets an external account use the key.
	Users []string
	// FunctionAsset is guardrail:functionAsset, the folder that holds the function's
	// bootstrap binary (default build/enforce, where `make build` puts it).
	FunctionAsset string
}

const (
	contextPrefix = "guardrail:"

	// maxEnvironment is Lambda's limit for all environment variables together, in bytes:
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxEnvironment = 4096
)

// A name or path of IAM may hold a comma, but the lists travel comma-separated in the
// function's environment: such a principal is refused here, not cut in two there.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var (
	userOrRoleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=.@/-]+$`)
	accountARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:root$`)
)

// contextOf returns the CDK context of a construct: cdk.json under command-line values.
func contextOf(scope constructs.Construct) map[string]any {
	context, _ := scope.Node().GetAllContext(nil).(map[string]any)
	return context
}

// readSettings reads and checks the guardrail's own context keys. The error names every
// key that is wrong, unknown keys under the prefix included: a misspelt guardrail:mode
// must not quietly become the default.
func readSettings(context map[string]any) (Settings, error) {
	r := settingsReader{context: context}
	s := Settings{
		Mode:           Mode(r.oneOf("mode", string(ModeReport), string(ModeRepair))),
		Style:          Style(r.oneOf("style", string(StyleAPI), string(StyleConsole))),
		Administrators: r.principals("administrators", userOrRoleARN),
		Users:          r.principals("users", userOrRoleARN, accountARN),
		FunctionAsset:  r.text("functionAsset", filepath.Join("build", "enforce")),
	}
	r.refuseUnknown()
	if s.Style == StyleAPI && len(s.Administrators)+len(s.Users) > 0 {
		r.fail("style", "the API default names no administrators or users: set guardrail:style=console, or leave them out")
	}
	size := 0
	for name, value := range s.environment() {
		size += len(name) + len(value)
	}
	if size > maxEnvironment {
		r.fail("administrators", "with guardrail:users the function's environment is %d bytes, and Lambda allows %d: name roles instead of many users", size, maxEnvironment)
	}
	return s, errors.Join(r.errs...)
}

// environment is how the settings reach the function.
func (s Settings) environment() map[string]string {
	return map[string]string{
		"GUARDRAIL_MODE":           string(s.Mode),
		"GUARDRAIL_STYLE":          string(s.Style),
		"GUARDRAIL_ADMINISTRATORS": strings.Join(s.Administrators, ","),
		"GUARDRAIL_USERS":          strings.Join(s.Users, ","),
	}
}

// settingsReader reads context keys and collects what is wrong with them.
type settingsReader struct {
	context map[string]any
	known   []string
	errs    []error
}

func (r *settingsReader) fail(key, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("context %s%s: %s", contextPrefix, key, fmt.Sprintf(format, args...)))
}

// text returns a string value, or fallback where the key is not set.
func (r *settingsReader) text(key, fallback string) string {
	r.known = append(r.known, contextPrefix+key)
	value, ok := r.context[contextPrefix+key]
	if !ok {
		return fallback
	}
	text, ok := value.(string)
	if !ok || text == "" {
		r.fail(key, "want a string, got %v", value)
	}
	return text
}

// oneOf returns a value out of allowed; the first is the default.
func (r *settingsReader) oneOf(key string, allowed ...string) string {
	value := r.text(key, allowed[0])
	if !slices.Contains(allowed, value) {
		r.fail(key, "want %s, got %q", strings.Join(allowed, " or "), value)
	}
	return value
}

// principals returns a list of ARNs, each of one of the given forms.
func (r *settingsReader) principals(key string, forms ...*regexp.Regexp) []string {
	r.known = append(r.known, contextPrefix+key)
	var arns []string
	for _, arn := range r.list(key) {
		fits := func(form *regexp.Regexp) bool { return form.MatchString(arn) }
		switch {
		case !slices.ContainsFunc(forms, fits):
			r.fail(key, "%q is not the ARN of an IAM principal that can stand there, such as arn:aws:iam::111122223333:role/KeyAdmin (no wildcard, comma or session)", arn)
		case slices.Contains(arns, arn):
			r.fail(key, "%q is listed twice", arn)
		default:
			arns = append(arns, arn)
		}
	}
	return arns
}

// list returns the items of a JSON list, or of a comma-separated string, which is all
// that the command line can give.
func (r *settingsReader) list(key string) []string {
	switch value := r.context[contextPrefix+key].(type) {
	case nil:
		return nil
	case string:
		items := strings.Split(value, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
		return items
	case []any:
		items := make([]string, len(value))
		for i := range value {
			items[i] = fmt.Sprint(value[i])
		}
		return items
	default:
		r.fail(key, "want a list of ARNs, got %v", value)
		return nil
	}
}

func (r *settingsReader) refuseUnknown() {
	for key := range r.context {
		if strings.HasPrefix(key, contextPrefix) && !slices.Contains(r.known, key) {
			r.fail(strings.TrimPrefix(key, contextPrefix), "no such setting; there are %s", strings.Join(r.known, ", "))
		}
	}
}

// requireBundle says what to do when the function has not been built yet.
func requireBundle(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, "bootstrap")); err != nil {
		return fmt.Errorf("the function's code is not there (%w): run `make build` first, or `make synth`, which does", err)
	}
	return nil
}
