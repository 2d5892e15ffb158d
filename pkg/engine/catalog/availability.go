package catalog

import "strings"

// Presence says whether the requests of one kind of caller carry a condition key.
type Presence uint8

// The presences. The zero value leaves it open.
const (
	// Free: a request may carry the key, with any value, or not.
	Free Presence = iota
	// Always: each request carries the key.
	Always
	// Never: no request carries the key.
	Never
	// Foreign: a request lacks the key, or carries it with a value that nobody outside AWS
	// writes into a policy; AWS does not say which of the two.
	Foreign
)

// String returns the presence in a word.
func (p Presence) String() string {
	switch p {
	case Free:
		return "free"
	case Always:
		return "always"
	case Never:
		return "never"
	default:
		return "foreign"
	}
}

// Availability is one row of the table: whose requests carry a condition key.
type Availability struct {
	// Key is the name of the key, or of a family as [ConditionKey] has it.
	Key string
	// ByService is for a request that an AWS service principal makes itself.
	ByService Presence
	// ByIdentity is for a request that a user, role, federated user or root user makes.
	ByIdentity Presence
	// Forwarded is for a request that a service makes with an identity's permissions (a
	// forward access session).
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
	Forwarded Presence
	// RoleExempt is true where AWS documents a policy that names a role as Principal and asks
	// for the key, which identities otherwise never carry; RoleSource is the page.
	RoleExempt bool
	RoleSource string
	// Example is a value that the key may have, where its presence is Always.
	Example string
	// Assumed is true where AWS does not document the row; Source then is the page that
	// comes nearest.
	Assumed bool
	Source  string
}

// OfIdentity is the presence in the requests of an identity, whether it makes them or a
// service does for it: what only one of the two carries, or lacks, is Free.
func (a Availability) OfIdentity() Presence {
	if a.ByIdentity == a.Forwarded {
		return a.ByIdentity
	}
	return Free
}

// OfNamedRole is the presence in the requests of a role that a policy names as Principal.
func (a Availability) OfNamedRole() Presence {
	if a.RoleExempt {
		return Free
	}
	return a.OfIdentity()
}

// AvailabilityOf returns the row of a key, by its name in any case; the row of its family;
// or one that leaves all Free.
func AvailabilityOf(name string) Availability {
	lower := strings.ToLower(name)
	if row, ok := availabilityByName[lower]; ok {
		return row
	}
	for i, prefix := range familyPrefixes {
		if strings.HasPrefix(lower, prefix) {
			return availabilityFamilies[i]
		}
	}
	if namespace, _, _ := strings.Cut(lower, ":"); strings.Contains(namespace, ".") {
		return identityOnly(name, federationPage)
	}
	return Availability{Key: name}
}

// Availabilities returns the table. The caller owns the slice.
func Availabilities() []Availability { return append([]Availability(nil), availabilities...) }

var (
	availabilityByName   = indexAvailability()
	availabilityFamilies = familiesOfAvailability()
	familyPrefixes       = prefixesOf(availabilityFamilies)
)

func indexAvailability() map[string]Availability {
	index := map[string]Availability{}
	for _, row := range availabilities {
		index[strings.ToLower(row.Key)] = row
	}
	return index
}

func prefixesOf(families []Availability) []string {
	prefixes := make([]string, len(families))
	for i, family := range families {
		prefixes[i] = strings.ToLower(family.Key)
	}
	return prefixes
}

func familiesOfAvailability() []Availability {
	var families []Availability
	for _, row := range availabilities {
		if strings.HasSuffix(row.Key, ":") || strings.HasSuffix(row.Key, "/") {
			families = append(families, row)
		}
	}
	return families
}
