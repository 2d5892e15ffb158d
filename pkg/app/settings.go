package app

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// The environment variables of the settings.
const (
	EnvConfig              = "GUARDRAIL_CONFIG"
	EnvModeMax             = "GUARDRAIL_MODE_MAX"
	EnvModeParameter       = "GUARDRAIL_MODE_PARAMETER"
	EnvArchiveBucket       = "ARCHIVE_BUCKET"
	EnvArchiveOwner        = "ARCHIVE_BUCKET_OWNER"
	EnvFindingsTopic       = "FINDINGS_TOPIC_ARN"
	EnvAccount             = "GUARDRAIL_ACCOUNT"
	EnvRole                = "GUARDRAIL_ROLE_ARN"
	EnvConcurrency         = "GUARDRAIL_CONCURRENCY"
	EnvOrganizationID      = "ORGANIZATION_ID"
	EnvOrganizationalUnits = "ORGANIZATIONAL_UNITS"
)

// ConfigurationFile is the name of the configuration beside the function's binary.
const ConfigurationFile = "guardrail.yaml"

// EnvironmentFile is the name of the file beside the function's binary that lists, as a JSON
// array of strings, the environment variables that the deployment set.
const EnvironmentFile = "environment.json"

// Settings are what a function or command works with.
type Settings struct {
	Configuration *rules.Configuration
	// ArchiveBucket is required where the configuration repairs.
	ArchiveBucket string
	// ArchiveOwner is the account that must own the bucket; "" for Account.
	ArchiveOwner string
	// FindingsTopic is the ARN of the SNS topic by which people are told; "" for none.
	FindingsTopic string
	// Account is the only one whose keys are handled; "" for any.
	Account string
	// ModeParameter is the name of the SSM parameter with the kill switch; "" for none.
	ModeParameter string
	// Role is the ARN of the role that the function runs as; "" if the settings do not name it.
	Role string
	// Concurrency is how many instances of the function may run at once.
	Concurrency int
	// OrganizationID names the account's organization, and OrganizationalUnits are the units
	// above the account.
	OrganizationID      string
	OrganizationalUnits []string
}

// ReadSettings reads the settings from the environment, and the configuration that it
// names; folder is where the function's binary is. Without GUARDRAIL_CONFIG and without
// a guardrail.yaml in folder, the configuration is the default one. The error names the
// variable, what it has and what it takes. The error of a configuration names the file, the
// line and the reason.
//
// Where folder has an environment.json, each variable that it lists must be set. To change the
// environment of a Lambda function by hand replaces all of its variables, and a function
// without its archive, its topic or its kill switch is worse than one that does not start: its
// events come back and are dead-lettered, and the alarms ring.
// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
func ReadSettings(getenv func(string) string, folder string) (Settings, error) {
	if err := checkEnvironment(getenv, filepath.Join(folder, EnvironmentFile)); err != nil {
		return Settings{}, err
	}
	c, err := readConfiguration(getenv(EnvConfig), folder)
	if err != nil {
		return Settings{}, err
	}
	return SettingsFor(c, getenv)
}

// SettingsFor is ReadSettings with a configuration that was read before. The settings have
// its copy that only reports where GUARDRAIL_MODE_MAX says so.
func SettingsFor(c *rules.Configuration, getenv func(string) string) (Settings, error) {
	s := Settings{
		Configuration: c,
		ArchiveBucket: getenv(EnvArchiveBucket), ArchiveOwner: getenv(EnvArchiveOwner),
		FindingsTopic: getenv(EnvFindingsTopic), Account: getenv(EnvAccount), Role: getenv(EnvRole),
		ModeParameter:  getenv(EnvModeParameter),
		OrganizationID: getenv(EnvOrganizationID), Concurrency: 1,
	}
	switch most := getenv(EnvModeMax); rules.Mode(most) {
	case "", rules.Repair:
	case rules.Report:
		s.Configuration = s.Configuration.ReportOnly()
	default:
		return s, fmt.Errorf("%s is %q; it must be report, or not be set", EnvModeMax, most)
	}
	if _, err := notify.RegionOf(s.FindingsTopic); s.FindingsTopic != "" && err != nil {
		return s, fmt.Errorf("%s is %q; it must be the ARN of a standard SNS topic, or not be set", EnvFindingsTopic, s.FindingsTopic)
	}
	if s.ModeParameter != "" && !parameterName.MatchString(s.ModeParameter) {
		return s, fmt.Errorf("%s is %q; it must be the name of an SSM parameter, such as %s, or not be set", EnvModeParameter, s.ModeParameter, DefaultModeParameter)
	}
	for name, account := range map[string]string{EnvAccount: s.Account, EnvArchiveOwner: s.ArchiveOwner} {
		if account != "" && !policy.IsAccountID(account) {
			return s, fmt.Errorf("%s is %q; it must be an account id of twelve digits, or not be set", name, account)
		}
	}
	if p, err := policy.ParseAWSPrincipal(s.Role); s.Role != "" && (err != nil || p.Kind != policy.Role) {
		return s, fmt.Errorf("%s is %q; it must be the ARN of a role, or not be set", EnvRole, s.Role)
	}
	if text := getenv(EnvConcurrency); text != "" {
		var err error
		if s.Concurrency, err = strconv.Atoi(text); err != nil || s.Concurrency < 1 {
			return s, fmt.Errorf("%s is %q; it must be a number from 1, or not be set", EnvConcurrency, text)
		}
	}
	for unit := range strings.SplitSeq(getenv(EnvOrganizationalUnits), ",") {
		if unit = strings.TrimSpace(unit); unit != "" {
			s.OrganizationalUnits = append(s.OrganizationalUnits, unit)
		}
	}
	return s, nil
}

// archive returns what package archive needs.
func (s Settings) archive() archive.Options {
	return archive.Options{Bucket: s.ArchiveBucket, BucketOwner: cmp.Or(s.ArchiveOwner, s.Account)}
}

// DefaultModeParameter is the name that the deployment gives the parameter of the kill switch.
const DefaultModeParameter = "/kms-guardrail/mode-max"

// parameterName is the name of a parameter with a path.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
var parameterName = regexp.MustCompile(`^(/[a-zA-Z0-9_.-]+){1,15}$`)

// checkEnvironment returns an error that names each variable that the file lists and that is
// not set. Without the file nothing is required.
func checkEnvironment(getenv func(string) string, path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading which variables the deployment set: %w", err)
	}
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return fmt.Errorf("%s must be a JSON array of the names of environment variables: %w", path, err)
	}
	missing := slices.DeleteFunc(names, func(name string) bool { return getenv(name) != "" })
	if len(missing) > 0 {
		return fmt.Errorf("the environment lacks %s, which the deployment set: deploy again, or set all variables together, "+
			"because a change of the environment by hand replaces all of them", strings.Join(missing, ", "))
	}
	return nil
}

// readConfiguration reads the named file, or the one beside the binary if there is one.
func readConfiguration(path, folder string) (*rules.Configuration, error) {
	if path != "" {
		return config.Load(path)
	}
	c, err := config.Load(filepath.Join(folder, ConfigurationFile))
	if errors.Is(err, fs.ErrNotExist) {
		return rules.DefaultConfiguration(), nil
	}
	return c, err
}
