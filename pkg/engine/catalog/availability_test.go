package catalog_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

func TestAvailabilitiesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range catalog.Availabilities() {
		if seen[strings.ToLower(row.Key)] {
			t.Errorf("%s has two rows", row.Key)
		}
		seen[strings.ToLower(row.Key)] = true
		if !strings.HasPrefix(row.Source, "https://docs.aws.amazon.com/") || row.RoleExempt != (row.RoleSource != "") {
			t.Errorf("%s has no source", row.Key)
		}
		bare := strings.TrimRight(row.Key, ":/")
		if _, known := catalog.LookupConditionKey(row.Key + map[bool]string{true: "x"}[bare != row.Key]); !known && row.Key != "saml:" {
			t.Errorf("%s is no condition key that the catalog knows", row.Key)
		}
	}
}

func TestAvailabilityOf(t *testing.T) {
	for _, test := range []struct {
		key                          string
		service, identity, namedRole catalog.Presence
		reason                       string
	}{
		{"AWS:principalorgid", catalog.Never, catalog.Free, catalog.Free, "in any case"},
		{"aws:PrincipalTag/team", catalog.Never, catalog.Free, catalog.Free, "a family"},
		{"accounts.google.com:aud", catalog.Never, catalog.Free, catalog.Free, "an identity provider's key"},
		{"aws:userid", catalog.Foreign, catalog.Always, catalog.Always, "who calls"},
		{"aws:SourceAccount", catalog.Free, catalog.Never, catalog.Free, "documented for a role that a policy names"},
		{"aws:SourceOrgID", catalog.Free, catalog.Never, catalog.Never, "not documented for one"},
		{"kms:ViaService", catalog.Free, catalog.Free, catalog.Free, "a forwarded call carries it, an identity's own does not"},
		{"aws:CurrentTime", catalog.Always, catalog.Always, catalog.Always, "each request"},
		{"my:key", catalog.Free, catalog.Free, catalog.Free, "no row"},
	} {
		row := catalog.AvailabilityOf(test.key)
		if row.ByService != test.service || row.OfIdentity() != test.identity || row.OfNamedRole() != test.namedRole {
			t.Errorf("%s: %s is %s, %s, %s; want %s, %s, %s", test.reason, test.key, row.ByService, row.OfIdentity(), row.OfNamedRole(), test.service, test.identity, test.namedRole)
		}
	}
}
