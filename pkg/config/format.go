package config

import "regexp"

// The forms of texts. A name that can never be that of a key, an account or a Region
// would match nothing, and nobody would notice: an exemption that exempts nothing, or a
// rule that lets its keys fall through to the next.
var (
	nameWords   = "a name of at most 64 letters, digits, spaces, dots, colons, slashes, hyphens and underscores"
	namePattern = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$`)

	// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
	keyFormat = format{
		words:   "a key id or key ARN",
		pattern: regexp.MustCompile(`^(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/)?(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`),
		example: "1234abcd-12ab-34cd-56ef-1234567890ab",
	}
	organizationFormat = format{
		words: "the id of an organization", pattern: regexp.MustCompile(`^o-[a-z0-9]{10,32}$`), example: "o-a1b2c3d4e5",
	}
	accountFormat = format{
		words: "a 12-digit account id", pattern: regexp.MustCompile(`^[0-9]{12}$`), example: "111122223333",
	}
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
	unitFormat = format{
		words:   "the id of an organizational unit or root",
		pattern: regexp.MustCompile(`^(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$`), example: "ou-ab12-cdef3456",
	}
	regionFormat = format{
		words: "a Region", pattern: regexp.MustCompile(`^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$`), example: "eu-central-1",
	}
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html#KMS-CreateAlias-request-AliasName
	aliasFormat = format{
		words:   "an alias name or pattern, with its prefix",
		pattern: regexp.MustCompile(`^(?:alias/[A-Za-z0-9:/_*?-]+|\*[A-Za-z0-9:/_*?-]*)$`), example: "alias/payments-*",
	}
)
