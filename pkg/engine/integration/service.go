package integration

import (
	_ "embed" // for the list of names
	"slices"
	"strings"
	"sync"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// serviceNames are service principals without a Region, one on a line, sorted. They are from
// AWS managed policies (as of boto's mirror in 2026), the signing names of the SDK's services,
// and this package's table. A name that is missing costs a finding that asks whether it is
// right; nothing is decided by the list.
//
//go:embed services.txt
var serviceNames string

var knownServices = sync.OnceValue(func() []string { return strings.Fields(serviceNames) })

// serviceDomains are the endings of service principals in the partitions.
var serviceDomains = []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov"}

// unknownService tells whether no AWS service has a principal, and which name is the nearest.
// "*" is every service.
func unknownService(principal string) (unknown bool, nearest string) {
	if principal == "*" || slices.Contains(knownServices(), withoutRegion(principal)) {
		return false, ""
	}
	return true, spelling.Nearest(principal, knownServices())
}

// withoutRegion returns a service principal without its Region, and with the ending that the
// list has.
func withoutRegion(principal string) string {
	for _, domain := range serviceDomains {
		name, ok := strings.CutSuffix(strings.ToLower(principal), domain)
		if !ok {
			continue
		}
		labels := slices.DeleteFunc(strings.Split(name, "."), region.MatchString)
		return strings.Join(labels, ".") + ".amazonaws.com"
	}
	return principal
}

// LinkedService returns the service that a service-linked role belongs to, by the path of its
// ARN. Such a role can be assumed by that service only.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
func LinkedService(roleARN string) (service string, ok bool) {
	parts := strings.SplitN(roleARN, ":", 6)
	if len(parts) < 6 || parts[2] != "iam" {
		return "", false
	}
	path, ok := strings.CutPrefix(parts[5], "role/aws-service-role/")
	if !ok {
		return "", false
	}
	service, name, ok := strings.Cut(path, "/")
	return service, ok && service != "" && name != "" && !strings.Contains(name, "/")
}
