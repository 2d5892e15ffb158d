package lint

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// viaService wants a service with the Region of the key: s3.us-east-1.amazonaws.com.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func viaService(s *statement, o operand) objection {
	if s.isVariable(o.value) || !s.knowsDomains() || o.operator.Family != policy.StringFamily {
		return objection{}
	}
	value := o.value
	if o.operator.Comparison == policy.EqualsIgnoreCase {
		value = strings.ToLower(value)
	}
	if o.isPattern() {
		return s.viaPattern(value)
	}
	name, isService := cutDomain(value)
	service, region := cutRegion(name)
	switch {
	case !isService || region == "" || service != strings.ToLower(service):
		return objection{reason: "the value has the form service.Region.amazonaws.com", suggestion: s.nearestVia(value)}
	case s.region != "" && region != s.region && !s.isMultiRegion():
		return objection{
			reason:     "services in " + region + " do not use this key, which is in " + s.region,
			suggestion: strings.Replace(value, "."+region+".", "."+s.region+".", 1), elsewhere: true,
		}
	default:
		return objection{}
	}
}

// viaPattern compares the end of a pattern with that of a service in the key's Region.
func (s *statement) viaPattern(value string) objection {
	if s.region == "" || s.isMultiRegion() {
		return objection{}
	}
	tail := value[strings.LastIndexAny(value, "*?")+1:]
	for _, domain := range serviceDomains {
		if end := "." + s.region + domain; strings.HasSuffix(end, tail) || strings.HasSuffix(tail, end) {
			return objection{}
		}
	}
	return objection{reason: "services that use this key end in ." + s.region + serviceDomains[0], elsewhere: true}
}

// nearestVia returns the service with a Region that a value was probably meant to be.
func (s *statement) nearestVia(value string) string {
	name, isService := cutDomain(nearestService(value))
	service, region := cutRegion(name)
	if !isService || service == "" || strings.Trim(service, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	if region == "" {
		region = s.regionOrBlank()
	}
	return service + "." + region + serviceDomains[0]
}

func servicePrincipal(s *statement, o operand) objection {
	if s.isVariable(o.value) || !s.knowsDomains() || o.operator.Family != policy.StringFamily || hasAnySuffix(o.value, otherDomains) {
		return objection{}
	}
	if o.isPattern() {
		tail := o.value[strings.LastIndexAny(o.value, "*?")+1:]
		for _, domain := range serviceDomains {
			if strings.HasSuffix(domain, tail) || strings.HasSuffix(tail, domain) {
				return objection{}
			}
		}
	} else if _, ok := cutDomain(o.value); ok {
		return objection{}
	}
	return objection{reason: "the name of a service ends in .amazonaws.com", suggestion: nearestService(o.value)}
}

// principalARN objects to what never is in aws:PrincipalArn: a session, of which the key has
// the role, and what is no ARN of IAM or STS.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
func principalARN(s *statement, o operand) objection {
	if found := resourceARN(s, o); found.reason != "" || s.isVariable(o.value) {
		return found
	}
	parts := strings.SplitN(o.value, ":", 6)
	if len(parts) < 6 || isPattern(parts[2]) {
		return objection{}
	}
	if role, ok := strings.CutPrefix(parts[5], "assumed-role/"); ok {
		role, _, _ = strings.Cut(role, "/")
		return objection{reason: "of a session it is the ARN of the role, with the role's path", suggestion: fmt.Sprintf("arn:%s:iam::%s:role/%s", parts[1], parts[4], role)}
	}
	if parts[2] != "iam" && parts[2] != "sts" {
		return objection{reason: "it is the ARN of a user, role, root user or federated user"}
	}
	return objection{}
}

// resourceARN objects to what is no ARN, as far as the value does not leave it open.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func resourceARN(s *statement, o operand) objection {
	if s.isVariable(o.value) {
		return objection{}
	}
	parts := strings.SplitN(o.value, ":", 6)
	if o.isPattern() {
		if o.operator.Family == policy.ArnFamily && len(parts) < 6 {
			return objection{} // see checkArnPatterns
		}
		for i, part := range parts {
			if isPattern(part) && o.operator.Family != policy.ArnFamily { // * may stand for colons too
				parts = parts[:i]
				break
			}
		}
	} else if len(parts) < 6 {
		return objection{reason: fmt.Sprintf("an ARN has six parts between colons, this has %d", len(parts))}
	}
	return s.arnParts(parts)
}

// arnParts objects to parts of an ARN that no ARN has.
func (s *statement) arnParts(parts []string) objection {
	for i, part := range parts {
		switch {
		case isPattern(part):
		case i == 0 && part != "arn":
			return objection{reason: "an ARN begins with arn:"}
		case i == 1 && part != "aws" && !strings.HasPrefix(part, "aws-"):
			return objection{reason: quote(part) + " is no partition, such as aws or aws-cn"}
		case i == 1 && s.key.Partition != "" && part != s.key.Partition:
			return objection{reason: "the key is in the partition " + s.key.Partition, elsewhere: true}
		case i == 4 && part != "" && strings.Trim(part, "0123456789- ") == "" && !policy.IsAccountID(part):
			return objection{reason: "an account id has twelve digits and nothing else", suggestion: withAccount(parts)}
		}
	}
	return objection{}
}

// withAccount returns an ARN with its account id corrected, "" where that is not clear.
func withAccount(parts []string) string {
	id := nearestAccount(parts[4])
	if id == "" || len(parts) < 6 {
		return ""
	}
	return strings.Join(parts[:4], ":") + ":" + id + ":" + parts[5]
}

// checkArnPatterns reports patterns with fewer parts than an ARN. The pattern * alone is
// clear enough to a reader.
func (s *statement) checkArnPatterns(i int, c policy.Condition) {
	for j, value := range c.Values {
		if c.Operator.Family == policy.ArnFamily && isShortPattern(value) && value != "*" && !s.isVariable(value) {
			s.report(s.conditionValue(i, j), ShortArnPattern, "", "%s has fewer than the six parts of an ARN, and AWS does not document what it matches; write all six", quote(value))
		}
	}
}
