package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// configurationFile is the name of the configuration in the working directory, and beside
// the function's binary, where the function looks for it.
const configurationFile = "guardrail.yaml"

// configuration is what the function is deployed with.
type configuration struct {
	*rules.Configuration
	// Text is the file that says it, byte for byte; nil for the zero configuration.
	Text []byte
	// Deployment is what the file says of what is built around the functions.
	Deployment config.Deployment
}

// patterns returns the patterns of the events that the configuration asks for, by the id of their rule.
func (c configuration) patterns() map[string][]byte {
	patterns := map[string][]byte{"Rule": events.Pattern()}
	if c.NeedsAliases() || c.NeedsTags() {
		patterns["Labels"] = events.LabelPattern()
	}
	if c.Grants == rules.GrantEvents {
		patterns["Grants"] = events.GrantPattern()
	}
	if len(c.Notices) > 0 {
		patterns["Notices"] = events.NoticePattern(c.Notices)
	}
	return patterns
}

// readConfiguration reads the named file; "" is guardrail.yaml in the working directory, or
// the zero configuration where there is none. Whatever is wrong with the file is an error
// here, with file, line and reason, before anything is deployed that could not start.
func readConfiguration(named string, now time.Time) (configuration, error) {
	path := named
	if path == "" {
		path = configurationFile
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && named == "":
		return configuration{Configuration: rules.DefaultConfiguration(), Deployment: config.DefaultDeployment()}, nil
	case err != nil:
		return configuration{}, fmt.Errorf("context %sconfig: reading the configuration: %w", contextPrefix, err)
	}
	read, deployment, err := config.ReadDeployment(path, text, now)
	if err != nil {
		return configuration{}, fmt.Errorf("the configuration would not start the function:\n%w", err)
	}
	return configuration{Configuration: read, Text: text, Deployment: deployment}, nil
}

// missing returns what the configuration asks for and the settings do not have. The
// function would start without it, and could not judge the keys that depend on it.
func (c configuration) missing(settings settings) []string {
	var missing []string
	if settings.OrganizationalUnits == nil && c.namesUnits() {
		missing = append(missing, "the configuration matches by organizational unit, and those above the account are not known: set "+contextPrefix+"organizationalUnits")
	}
	if settings.OrganizationID == "" && c.namesOrganization() {
		missing = append(missing, "the configuration has ${OrganizationId}, and the account's organization is not known: set "+contextPrefix+"organizationId")
	}
	return missing
}

// roleARN is the ARN of the function's role as guardrail.yaml names it for every account and, where each Region has
// a stack of its own, for every Region. ownRole is what a file of some accounts or Regions may say instead.
const roleARN = "arn:${Partition}:iam::${AccountId}:role/" + rolePrefix + "${Region}"

var ownRole = regexp.MustCompile(`^arn:(\$\{Partition\}|aws[a-z-]*):iam::(\$\{AccountId\}|[0-9]{12}):role/` + rolePrefix + `(\$\{Region\}|[a-z]+(-[a-z]+)+-[0-9])$`)

// foreignAccess returns the baselines whose guardrailAccess is no role of such a deployment, and the ARN that would
// be right. With a home Region the role has the name of that Region, and ${Region} is the Region of the key.
func (c configuration) foreignAccess(s settings) (names []string, right string) {
	right = roleARN
	if s.HomeRegion != "" {
		right = strings.Replace(roleARN, "${Region}", s.HomeRegion, 1)
	}
	for _, b := range c.Baselines {
		named := ownRole.FindStringSubmatch(b.GuardrailAccess)
		isRight := named != nil && (s.HomeRegion == "" || named[3] == s.HomeRegion || named[3] == "${Region}" && len(s.furtherRegions()) == 0)
		if b.GuardrailAccess != "" && !isRight {
			names = append(names, b.Name)
		}
	}
	return names, right
}

func (c configuration) namesUnits() bool {
	for _, r := range c.Rules {
		if len(r.Match.OrganizationalUnits) > 0 {
			return true
		}
	}
	for _, e := range c.Exemptions {
		if len(e.Match.OrganizationalUnits) > 0 {
			return true
		}
	}
	return false
}

// namesOrganization looks for the placeholder in the baselines, the only place that has
// any.
func (c configuration) namesOrganization() bool {
	text, err := json.Marshal(c.Baselines)
	return err != nil || strings.Contains(string(text), "${OrganizationId}")
}
