package rules

import (
	"fmt"
	"strings"
)

// Who is a kind of principals that a policy can let in.
type Who uint8

// The kinds, the farthest from the key first.
const (
	Anyone Who = iota
	AnyoneOfOrganization
	AnyoneRestricted
	ForeignAccount
	MemberAccount
	ServiceUnbound
	ServiceUnboundDocumented
	ServiceOfOrganizationDecrypts
	ServiceOfOrganization
	ServiceOfAccount
	ServiceBound
	ServiceBoundDocumented
	WholeAccount
	WholeAccountThroughService
	NamedPrincipal
)

// Group is a kind of KMS actions. Each action is in exactly one.
type Group uint8

// The groups.
const (
	Metadata   Group = iota // Describe, Get, List
	Use                     // cryptography, and grants for AWS resources
	Grant                   // other grants
	Administer              // everything else
)

// severities says how bad access beyond the ceiling is: who, and what they may do. Access of
// no severity is a finding of severity info.
//
// A cell with d rests on what AWS documents to be dangerous or safe, a cell with a is an
// assumption of this project. For d see
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html (everyone),
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html (accounts),
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html (services) and
// https://docs.aws.amazon.com/kms/latest/developerguide/grant-best-practices.html (grants).
var severities = [...]struct {
	who   string
	cells [4]cell // metadata, use, grant, administer
}{
	Anyone:                        {"anyone", [4]cell{a(Medium), d(Critical), d(Critical), d(Critical)}},
	AnyoneOfOrganization:          {"anyone of the own organization", [4]cell{a(Low), a(Medium), a(High), a(High)}},
	AnyoneRestricted:              {"anyone, restricted by network, organization or account", [4]cell{a(Low), a(High), a(High), d(Critical)}},
	ForeignAccount:                {"named foreign account", [4]cell{a(Low), d(High), d(High), d(Critical)}},
	MemberAccount:                 {"named account of the own organization", [4]cell{a(Low), a(Medium), a(High), a(High)}},
	ServiceUnbound:                {"service without a bound", [4]cell{a(Low), d(High), d(High), d(Critical)}},
	ServiceUnboundDocumented:      {"service without a bound, as AWS documents it", [4]cell{a(Low), a(Medium), a(High), d(Critical)}},
	ServiceOfOrganizationDecrypts: {"service bound to the organization, with decryption", [4]cell{d(NoSeverity), a(Medium), a(Medium), a(High)}},
	ServiceOfOrganization:         {"service bound to the organization", [4]cell{d(NoSeverity), a(Low), a(Medium), a(High)}},
	ServiceOfAccount:              {"service bound by aws:SourceAccount alone", [4]cell{d(NoSeverity), a(Low), a(Medium), a(High)}},
	ServiceBound:                  {"service bound to the account", [4]cell{d(NoSeverity), d(NoSeverity), a(Medium), a(High)}},
	ServiceBoundDocumented:        {"service bound to the account, as AWS documents it", [4]cell{d(NoSeverity), d(NoSeverity), d(NoSeverity), a(High)}},
	WholeAccount:                  {"own account, nobody named", [4]cell{a(Info), a(Medium), a(Medium), a(High)}},
	WholeAccountThroughService:    {"own account, nobody named, through a service", [4]cell{a(Info), a(Low), a(Medium), a(High)}},
	NamedPrincipal:                {"named principal of the own account", [4]cell{a(Medium), a(Medium), a(Medium), a(Medium)}},
}

// cell is a severity, and whether it rests on what AWS documents.
type cell struct {
	severity   Severity
	documented bool
}

func d(s Severity) cell { return cell{s, true} }
func a(s Severity) cell { return cell{s, false} }

// SeverityOf returns the worst severity of what principals of a kind may do.
func SeverityOf(w Who, groups []Group) Severity {
	worst := Info
	for _, g := range groups {
		if s := severities[w].cells[g].severity; s.Compare(worst) > 0 {
			worst = s
		}
	}
	return worst
}

// GroupOf returns the group of an action such as kms:Decrypt. forResources is true where a
// condition limits grants to those that AWS services make for their resources.
func GroupOf(action string, forResources bool) Group {
	name := strings.TrimPrefix(action, "kms:")
	starts := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case name == "CreateGrant" && forResources:
		return Use
	case name == "CreateGrant", name == "RevokeGrant", name == "RetireGrant":
		return Grant
	case starts("Describe", "Get", "List"):
		return Metadata
	case starts("Encrypt", "Decrypt", "ReEncrypt", "Generate", "Sign", "Verify", "Derive", "Encapsulate", "Decapsulate"):
		return Use
	default:
		return Administer
	}
}

// SeverityTable returns the table of severities as text. It is a part of
// [Configuration.Hash]: with another table, findings have other severities.
func SeverityTable() string {
	var b strings.Builder
	for _, row := range severities {
		fmt.Fprintf(&b, "%-55s", row.who)
		for _, c := range row.cells {
			basis := "assumed"
			if c.documented {
				basis = "documented"
			}
			fmt.Fprintf(&b, "  %-8s %-10s", c.severity, basis)
		}
		b.WriteString("\n")
	}
	return b.String()
}
