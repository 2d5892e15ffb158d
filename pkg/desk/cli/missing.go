package cli

import (
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// noteMissingFlags notes which flags to add, and what of the configuration depends on them.
func noteMissingFlags(note func(format string, args ...any), s subject, c *rules.Configuration, now time.Time) {
	flags := missingFlags(s, c, now)
	if len(flags) == 0 {
		return
	}
	what, it := "which rule applies", "it"
	if selected := c.Select(s.key, s.labels, now); !selected.IsUncertain() {
		what = "baseline " + selected.Baseline.Name
	}
	if len(flags) > 1 {
		it = "them"
	}
	note("Add %s: %s depends on %s.", strings.Join(flags, " and "), what, it)
}

// missingFlags tries whether a baseline could be applied if more of the key were known. It
// returns the fewest flags that would say it, nothing where they would not help.
func missingFlags(s subject, c *rules.Configuration, now time.Time) []string {
	if s.key.AWSManaged || applies(s.key, s.labels, c, now) {
		return nil
	}
	units := guess{"--organizational-unit", s.key.OrganizationalUnits == nil, func(k *rules.Key) { k.OrganizationalUnits = []string{} }}
	region := guess{"--region", s.key.Region == "", func(k *rules.Key) { k.Region = someRegion[k.Partition] }}
	organization := guess{"--organization-id", s.key.OrganizationID == "", func(k *rules.Key) { k.OrganizationID = "o-a1b2c3d4e5" }}
	for _, guesses := range [][]guess{
		{units},
		{region},
		{organization},
		{units, region},
		{units, organization},
		{region, organization},
		{units, region, organization},
	} {
		key, flags := s.key, []string{}
		for _, g := range guesses {
			if g.unknown {
				g.fill(&key)
				flags = append(flags, g.flag)
			}
		}
		if len(flags) == len(guesses) && applies(key, s.labels, c, now) {
			return flags
		}
	}
	return nil
}

// guess fills in one thing that may not be known of a key.
type guess struct {
	flag    string
	unknown bool
	fill    func(*rules.Key)
}

// someRegion has a Region of each partition.
var someRegion = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}

// applies tells whether a baseline can be applied to a key.
func applies(k rules.Key, labels rules.Labels, c *rules.Configuration, now time.Time) bool {
	selected := c.Select(k, labels, now)
	if selected.IsUncertain() {
		return false
	}
	_, err := selected.Baseline.Limits(k)
	return err == nil
}
