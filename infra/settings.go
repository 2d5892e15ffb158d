package main

import (
	"errors"
	"fmt"
	"net/mail"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

// settings is what one deployment chooses, each from the CDK context key that its comment
// names, or else from `deployment:` of guardrail.yaml where that has it. What is enforced, and
// whether anything is repaired, stands in the file only.
type settings struct {
	// Config is guardrail:config, the path of the configuration file. "" is guardrail.yaml
	// in the working directory if it is there, else the zero configuration.
	Config string
	// HomeRegion is deployment.homeRegion; "" is the Region of the credentials. Regions is deployment.regions.
	HomeRegion string
	Regions    []string
	// ModeMax is guardrail:modeMax, the kill switch: report lowers every rule of the
	// configuration to report, and takes the function's permission to write away.
	ModeMax string
	// OrganizationID is guardrail:organizationId, of the account; "" where it has none.
	OrganizationID string
	// OrganizationalUnits is guardrail:organizationalUnits: the ids of the units and the
	// root above the account, comma separated or a JSON list.
	OrganizationalUnits []string
	// NotifyEmail is guardrail:notifyEmail: the addresses that are asked to subscribe to
	// the topic of findings, comma separated or a JSON list; else deployment.notify.mail.
	NotifyEmail []string
	// ArchiveRetentionDays is guardrail:archiveRetentionDays: how long no version of an
	// object in the archive can be deleted; else deployment.archive.retentionDays.
	ArchiveRetentionDays int
	// ArchiveBucket is deployment.archive.bucket, and ArchiveOwner is deployment.archive.owner.
	ArchiveBucket, ArchiveOwner string
	// ObjectLock is deployment.archive.objectLock.
	ObjectLock config.ObjectLock
	// ArchiveWriters is deployment.archive.writers.
	ArchiveWriters []string
	// ArchiveDeployers is deployment.archive.deployers.
	ArchiveDeployers []string
	// Concurrency is deployment.concurrency.
	Concurrency int
	// FunctionAsset is guardrail:functionAsset, the folder that holds the function's
	// bootstrap binary (default build/enforce, where `make build` puts it).
	FunctionAsset string
	// SweepHours is guardrail:sweepHours, the time between two sweeps; else
	// deployment.sweep.every. 0 is no sweep.
	SweepHours int
	// SweepAsset is guardrail:sweepAsset, the folder that holds the bootstrap binary of
	// the function that sweeps (default build/sweep).
	SweepAsset string
}

const (
	contextPrefix = "guardrail:"

	// modeMaxReport is the one value of guardrail:modeMax; modeMaxRepair is what the functions
	// read where it is left out.
	modeMaxReport = "report"
	modeMaxRepair = "repair"

	// maxSweepHours is a month: a longer wait is better said by no sweep.
	maxSweepHours = 720
)

// The ids of AWS Organizations.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html
var (
	organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	unitID         = regexp.MustCompile(`^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$`)
)

// contextOf returns the CDK context of a construct: cdk.json under command-line values.
func contextOf(scope constructs.Construct) map[string]any {
	context, _ := scope.Node().GetAllContext(nil).(map[string]any)
	return context
}

// readSettings reads and checks the guardrail's own context keys; d is what counts where a
// key is not set. The error names every key that is wrong, unknown keys under the prefix
// included: a misspelt guardrail:config must not quietly become the default.
func readSettings(context map[string]any, d config.Deployment) (settings, error) {
	r := settingsReader{context: context}
	s := settings{
		Config:               r.text("config", ""),
		HomeRegion:           d.HomeRegion,
		Regions:              d.Regions,
		ModeMax:              r.text("modeMax", ""),
		OrganizationID:       r.text("organizationId", ""),
		OrganizationalUnits:  r.list("organizationalUnits"),
		NotifyEmail:          r.list("notifyEmail", d.Notify.Mail...),
		ArchiveRetentionDays: r.whole("archiveRetentionDays", "days", d.Archive.RetentionDays, 1, config.MaxRetentionDays),
		ArchiveBucket:        d.Archive.Bucket,
		ArchiveOwner:         d.Archive.Owner,
		ObjectLock:           d.Archive.ObjectLock,
		ArchiveWriters:       d.Archive.Writers,
		ArchiveDeployers:     d.Archive.Deployers,
		Concurrency:          d.Concurrency,
		FunctionAsset:        r.text("functionAsset", filepath.Join("build", "enforce")),
		SweepHours:           r.whole("sweepHours", "hours", int(d.Sweep.Every/time.Hour), 0, maxSweepHours),
		SweepAsset:           r.text("sweepAsset", filepath.Join("build", "sweep")),
	}
	if s.ModeMax != "" && s.ModeMax != modeMaxReport {
		r.fail("modeMax", "want report, or leave it out; got %q", s.ModeMax)
	}
	if s.OrganizationID != "" && !organizationID.MatchString(s.OrganizationID) {
		r.fail("organizationId", "want the id of an organization, such as o-a1b2c3d4e5; got %q", s.OrganizationID)
	}
	for _, unit := range s.OrganizationalUnits {
		if !unitID.MatchString(unit) {
			r.fail("organizationalUnits", "want ids of organizational units or roots, such as ou-ab12-11111111; got %q", unit)
		}
	}
	for _, email := range s.NotifyEmail {
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
			r.fail("notifyEmail", "want addresses such as security@example.com; got %q", email)
		}
	}
	r.refuseUnknown()
	return s, errors.Join(r.errs...)
}

// furtherRegions are the Regions that forward to the home Region.
func (s settings) furtherRegions() []string {
	return slices.DeleteFunc(slices.Clone(s.Regions), func(region string) bool { return region == s.HomeRegion })
}

// checkRetention refuses an archive that may lose what the budget of a repair still counts:
// the file is checked for it when it is read, and a context key can say less than the file.
func (s settings) checkRetention(c configuration) error {
	archive := config.DeploymentArchive{RetentionDays: s.ArchiveRetentionDays}
	if window := c.Repair.Budget.Window; !archive.KeepsFor(window) {
		return fmt.Errorf("context %sarchiveRetentionDays: %d days are shorter than repair.budget.window of the configuration, which is %v; keep the archive for longer",
			contextPrefix, s.ArchiveRetentionDays, window)
	}
	return nil
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

// value returns what a key has, nil where it is not set.
func (r *settingsReader) value(key string) any {
	r.known = append(r.known, contextPrefix+key)
	return r.context[contextPrefix+key]
}

// text returns a string value, or fallback where the key is not set.
func (r *settingsReader) text(key, fallback string) string {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	text, ok := value.(string)
	if !ok || text == "" {
		r.fail(key, "want a string, got %v", value)
	}
	return text
}

// whole returns a whole number, which the command line gives as a string and JSON as a
// number, or fallback where the key is not set.
func (r *settingsReader) whole(key, unit string, fallback, least, most int) int {
	value := r.value(key)
	if value == nil {
		return fallback
	}
	n, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil || n < least || n > most {
		r.fail(key, "want a whole number of %s from %d to %d, got %v", unit, least, most, value)
	}
	return n
}

// list returns the items of a JSON list, or of a comma-separated string, which is all
// that the command line can give, or the fallback where the key is not set.
func (r *settingsReader) list(key string, fallback ...string) []string {
	switch value := r.value(key).(type) {
	case nil:
		return fallback
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
		r.fail(key, "want a list, got %v", value)
		return nil
	}
}

func (r *settingsReader) refuseUnknown() {
	for key := range r.context {
		name, ours := strings.CutPrefix(key, contextPrefix)
		if !ours || slices.Contains(r.known, key) {
			continue
		}
		r.fail(name, "no such setting; there are %s", strings.Join(r.known, ", "))
	}
}
