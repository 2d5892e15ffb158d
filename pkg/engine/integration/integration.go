package integration

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Integration is what a key policy may carry so that an AWS service works with the key.
type Integration struct {
	// Name is the name in guardrail.yaml, in kebab-case.
	Name string
	// Title is the service, or what it does, as AWS writes it.
	Title string
	// Description is one line: what the statements let whom do with the key.
	Description string
	// Source is the page of the AWS documentation with the statements.
	Source string
	// KeySpec and KeyUsage are the keys that the service works with. They are for people: a
	// statement for another key gives nobody anything.
	KeySpec, KeyUsage string

	statements func(Facts) []policy.Statement
}

// table has every integration, sorted by name.
var table = []Integration{
	autoScaling, cloudFront, cloudTrail, cloudWatchAlarms, cloudWatchLogs,
	logDelivery, route53DNSSEC, s3Notifications, servicesInAccount, snsToSQS,
}

// All returns every integration, sorted by name.
func All() []Integration { return slices.Clone(table) }

// Lookup returns the integration of a name.
func Lookup(name string) (Integration, bool) {
	i := slices.IndexFunc(table, func(entry Integration) bool { return entry.Name == name })
	if i < 0 {
		return Integration{}, false
	}
	return table[i], true
}

// Facts are what the statements for a key depend on: three parts of its ARN.
type Facts struct{ Partition, Region, Account string }

// region is what Regions look like; above all, it has no wildcard.
var region = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// check tells whether statements can be made. A value of another form would widen them, and
// of a partition that is not here it is not known how it spells its service principals.
func (f Facts) check() error {
	partition := "aws"
	switch {
	case strings.HasPrefix(f.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(f.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	switch {
	case !slices.Contains([]string{"aws", "aws-cn", "aws-us-gov"}, f.Partition):
		return fmt.Errorf("integrations are known for the partitions aws, aws-cn and aws-us-gov, not for %q; write the statements under permit", f.Partition)
	case !region.MatchString(f.Region):
		return fmt.Errorf("%q is not a Region, such as us-east-1", f.Region)
	case f.Partition != partition:
		return fmt.Errorf("the Region %s is not in the partition %s", f.Region, f.Partition)
	case !policy.IsAccountID(f.Account):
		return fmt.Errorf("%q is not an account id of twelve digits", f.Account)
	}
	return nil
}

// Statements returns the statements that the policy of a key may carry. Their Sids are unique
// among all integrations, and none is one of the default key policy. There are none where the
// service does not work with keys in the Region.
//
// An error says which of the facts does not belong to a key, or that AWS does not document
// integrations for the partition.
func (i Integration) Statements(key Facts) ([]policy.Statement, error) {
	if err := key.check(); err != nil {
		return nil, fmt.Errorf("integration %s: %w", i.Name, err)
	}
	return i.statements(key), nil
}
