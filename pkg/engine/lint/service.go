package lint

import (
	"regexp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// regionName is the form of a Region's name in every partition: us-east-1, us-gov-west-1,
// eusc-de-east-1.
var regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$`)

// serviceDomains are what names of services end in, in the partitions that are open to
// customers. AWS prints .amazonaws.com for services in all of them, and .amazonaws.com.cn
// for some in China.
var serviceDomains = []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"}

// otherDomains are those of the few service principals that have another.
var otherDomains = []string{".amazon.com", ".alexa.com", ".aws.internal"}

// knowsDomains tells whether the names of services in the key's partition are known.
func (s *statement) knowsDomains() bool {
	switch s.key.Partition {
	case "", "aws", "aws-cn", "aws-us-gov", "aws-eusc":
		return true
	default:
		return false
	}
}

// cutDomain returns a service name without its domain.
func cutDomain(name string) (rest string, ok bool) {
	for _, domain := range serviceDomains {
		if rest, ok := strings.CutSuffix(name, domain); ok && rest != "" {
			return rest, true
		}
	}
	return name, false
}

// cutRegion splits logs.us-east-1 into its parts.
func cutRegion(name string) (service, region string) {
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && regionName.MatchString(name[dot+1:]) {
		return name[:dot], name[dot+1:]
	}
	return name, ""
}

// checkService reports a service principal that no service is, or that is one elsewhere.
func (s *statement) checkService(i int, p policy.Principal) {
	name, isService := cutDomain(p.Text)
	service, region := cutRegion(name)
	switch {
	case !isService && s.knowsDomains() && !hasAnySuffix(p.Text, otherDomains):
		s.report(s.principal(i), ServicePrincipalFormat, nearestService(p.Text), "%s is no service principal; its name ends in .amazonaws.com", quote(p.Text))
	case s.isElsewhere(p):
		s.report(s.principal(i), ForeignRegionPrincipal, strings.Replace(p.Text, region, s.region, 1),
			"%s calls keys in %s only; the key is in %s", quote(p.Text), region, s.region)
	case isService && region != "" && s.region != "" && region != s.region && !s.isMultiRegion():
		s.report(s.principal(i), OtherRegionPrincipal, "", "%s is the service in %s; the key is in %s", quote(p.Text), region, s.region)
	case region == "" && isRegional(service):
		s.report(s.principal(i), RegionlessPrincipal, service+"."+s.regionOrBlank()+strings.TrimPrefix(p.Text, name),
			"%s calls KMS as the principal of its Region", quote(p.Text))
	}
}

// isRegional tells the services that call only keys in their own Region, as a principal with
// the Region in its name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func isRegional(service string) bool { return service == "logs" }

// isElsewhere tells whether an entry is a service of another Region that cannot use the key.
// The policy of a multi-Region key often names the services of all its Regions.
func (s *statement) isElsewhere(p policy.Principal) bool {
	if p.Kind != policy.Service || s.region == "" || s.isMultiRegion() {
		return false
	}
	name, _ := cutDomain(p.Text)
	service, region := cutRegion(name)
	return isRegional(service) && region != "" && region != s.region
}

func (s *statement) regionOrBlank() string {
	if s.region == "" {
		return "REGION"
	}
	return s.region
}

// nearestService returns the service principal that a name was probably meant to be: one
// that lacks its domain, or whose domain is a letter or two off.
func nearestService(name string) string {
	labels := strings.Split(strings.ToLower(name), ".")
	for i, label := range labels {
		if i > 0 && spelling.Nearest(label, []string{"amazonaws"}) != "" {
			labels = labels[:i]
			break
		}
	}
	name = strings.Join(labels, ".")
	if service, _ := cutRegion(name); len(name) > longest || name == "" || strings.Count(service, ".") > 1 {
		return ""
	}
	return name + serviceDomains[0]
}

func hasAnySuffix(text string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}
