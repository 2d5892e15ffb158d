package integration

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Facts are what the statements for a key depend on: three parts of its ARN, and the id of
// the account's organization, "" where it is not known.
type Facts struct{ Partition, Region, Account, OrganizationID string }

// region is what Regions look like; above all, it has no wildcard.
var region = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

// documented are the partitions whose service principals AWS documents.
var documented = []string{"aws", "aws-cn", "aws-us-gov"}

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
	case !slices.Contains(documented, f.Partition):
		return fmt.Errorf("integrations are known for the partitions aws, aws-cn and aws-us-gov, not for %q; write the statements under permit", f.Partition)
	case f.Region == "":
		return errors.New("it depends on the key's Region, which is not known")
	case !region.MatchString(f.Region):
		return fmt.Errorf("%q is not a Region, such as us-east-1", f.Region)
	case f.Partition != partition:
		return fmt.Errorf("the Region %s is not in the partition %s", f.Region, f.Partition)
	}
	return f.checkAccount()
}

func (f Facts) checkAccount() error {
	if !policy.IsAccountID(f.Account) {
		return fmt.Errorf("%q is not an account id of twelve digits", f.Account)
	}
	return nil
}

// anyPlace matches a partition or Region of a place that need not be documented.
var anyPlace = regexp.MustCompile(`^[a-z0-9-]*$`)

// checkAnyPlace is check for a row of any place: the account must be one, and the rest must
// not have a wildcard.
func (f Facts) checkAnyPlace() error {
	if !anyPlace.MatchString(f.Region) || !anyPlace.MatchString(f.Partition) || f.Partition == "" {
		return fmt.Errorf("%q in %q is no place of a key", f.Region, f.Partition)
	}
	return f.checkAccount()
}

// expand replaces the placeholders of a text.
func (f Facts) expand(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	return strings.NewReplacer("${Partition}", f.Partition, "${Region}", f.Region, "${AccountId}", f.Account).Replace(text)
}

func (f Facts) expandAll(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = f.expand(text)
	}
	return list
}

// domains are the endings of a Regional service principal. In China, AWS's CDK writes
// .amazonaws.com.cn, while the guides print one ending for all Regions.
func (f Facts) domains() []string {
	if f.Partition == "aws-cn" {
		return []string{"amazonaws.com.cn", "amazonaws.com"}
	}
	return []string{"amazonaws.com"}
}

// services returns the service principals of a row.
func (f Facts) services(r *Row) []string {
	var list []string
	for _, name := range f.expandAll(r.Services) {
		if !strings.Contains(name, "${Domain}") {
			list = append(list, name)
			continue
		}
		for _, domain := range f.domains() {
			list = append(list, strings.ReplaceAll(name, "${Domain}", domain))
		}
	}
	return list
}

// works tells whether the service takes keys of the place.
func (f Facts) works(r *Row) bool {
	return !slices.Contains(r.NotInPartitions, f.Partition) && (len(r.Regions) == 0 || slices.Contains(r.Regions, f.Region))
}
