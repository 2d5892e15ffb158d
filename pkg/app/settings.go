package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// The environment variables of the settings.
const (
	EnvMode           = "GUARDRAIL_MODE"
	EnvModeMax        = "GUARDRAIL_MODE_MAX"
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
	switch most := getenv(EnvModeMax); most {
	case "", string(guardrail.Repair):
	case string(guardrail.Report):
		y.Mode = guardrail.Report
	default:
		return y, fmt.Errorf("%s is %q; it must be report, or not be set", EnvModeMax, most)
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
	return y, tryOut(y)
}

// tryOut generates one default, so that principals that no key's default can name
// together ("*", a session, roles of two accounts) are found at the start. The key is
// taken to be of the account of the first user or role; without one, of any account.
func tryOut(y guardrail.Yardstick) error {
	key := guardrail.Key{Account: "000000000000", Partition: "aws", Type: defaultpolicy.KeyType{}.WithDefaults()}
	for _, text := range slices.Concat(y.Administrators, y.Users) {
		p, err := policy.ParseAWSPrincipal(text)
		if err == nil && p.Partition != "" {
			key.Partition = p.Partition
		}
		if err == nil && (p.Kind == policy.User || p.Kind == policy.Role) {
			key.Account = p.AccountID
			break
		}
	}
	_, err := y.Baseline(key)
	var problem *defaultpolicy.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &problem) && problem.Code == defaultpolicy.InvalidAdministrator:
		return fmt.Errorf("%s: %w", EnvAdministrators, err)
	case errors.As(err, &problem) && problem.Code == defaultpolicy.InvalidUser:
		return fmt.Errorf("%s: %w", EnvUsers, err)
	default:
		return fmt.Errorf("%s, %s: %w", EnvAdministrators, EnvUsers, err)
	}
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
