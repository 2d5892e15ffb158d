package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// The environment variables of the settings.
const (
	EnvMode           = "GUARDRAIL_MODE"
	EnvStyle          = "GUARDRAIL_STYLE"
	EnvAdministrators = "GUARDRAIL_ADMINISTRATORS"
	EnvUsers          = "GUARDRAIL_USERS"
)

// Settings reads the yardstick from the environment. The error names the
// variable, what it has and what it takes.
func Settings(getenv func(string) string) (guardrail.Yardstick, error) {
	y := guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.API}
	switch mode := guardrail.Mode(getenv(EnvMode)); mode {
	case "":
	case guardrail.Report, guardrail.Repair:
		y.Mode = mode
	default:
		return y, fmt.Errorf("%s is %q; it must be report or repair", EnvMode, mode)
	}
	switch style := defaultpolicy.Style(getenv(EnvStyle)); style {
	case "":
	case defaultpolicy.API, defaultpolicy.Console:
		y.Style = style
	default:
		return y, fmt.Errorf("%s is %q; it must be api or console", EnvStyle, style)
	}
	var err error
	if y.Administrators, err = principals(EnvAdministrators, getenv(EnvAdministrators)); err != nil {
		return y, err
	}
	if y.Users, err = principals(EnvUsers, getenv(EnvUsers)); err != nil {
		return y, err
	}
	if y.Style == defaultpolicy.API && len(y.Administrators)+len(y.Users) > 0 {
		return y, errors.New(EnvAdministrators + " and " + EnvUsers + " need " + EnvStyle + "=console; the API default names nobody")
	}
	return y, nil
}

func principals(variable, text string) ([]string, error) {
	var list []string
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if _, err := policy.ParseAWSPrincipal(entry); err != nil {
			return nil, fmt.Errorf("%s: %w", variable, err)
		}
		list = append(list, entry)
	}
	return list, nil
}
