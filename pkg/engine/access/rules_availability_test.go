package access_test

// availabilityRules are the rules of which caller's requests carry which condition key.
var availabilityRules = []rule{
	{"a service has no organization, tags or session", []rulePair{
		{same, "none is allowed by its organization", []string{allow(s3, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, []string{deny("*", "")}},
		{same, "a Deny of other organizations denies each service", []string{allow(s3, ""), deny("*", `"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, []string{deny("*", "")}},
		{same, "nor do paths of organizations help", []string{allow(s3, `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}`)}, []string{deny("*", "")}},
		{same, "a Deny without MFA denies each service", []string{allow(s3, ""), deny("*", `"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`)}, []string{deny("*", "")}},
		{same, "a Deny without MFA that asks for the key denies none", []string{allow(s3, ""), deny("*", `"Bool":{"aws:MultiFactorAuthPresent":"false"}`)}, []string{allow(s3, "")}},
		{same, "tags are of identities", []string{allow(s3, `"StringNotEquals":{"aws:PrincipalTag/team":"a"}`)}, []string{allow(s3, "")}},
		{same, "keys of an identity provider too", []string{allow(s3, `"StringEquals":{"saml:aud":"a"}`), allow(s3, `"StringEquals":{"accounts.google.com:aud":"a"}`)}, []string{deny("*", "")}},
		{other, "an identity has an organization, or none", []string{allow(ownRole, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, []string{deny("*", "")}},
	}},
	{"a service's account and user id are not known, and nobody's", []rulePair{
		{same, "no account is a service's", []string{allow(s3, `"StringEquals":{"kms:CallerAccount":"111122223333"}`)}, []string{deny("*", "")}},
		{same, "so a negated operator holds", []string{allow(s3, `"StringNotEquals":{"aws:PrincipalAccount":"111122223333"},"ArnNotLikeIfExists":{"aws:PrincipalArn":"arn:aws:iam::111122223333:*"}`)}, []string{allow(s3, "")}},
		{open, "whether the key is there is not known", []string{allow(s3, `"Null":{"aws:PrincipalAccount":"true"}`)}, []string{allow(s3, "")}},
		{open, "IfExists holds where it is not", []string{allow(s3, `"StringEqualsIfExists":{"kms:CallerAccount":"111122223333"}`)}, []string{allow(s3, "")}},
		{open, "a pattern for everything holds where it is", []string{allow(s3, `"StringLike":{"aws:userid":"*"}`)}, []string{allow(s3, "")}},
		{same, "it is one question", []string{allow(s3, `"Null":{"aws:userid":"true"}`), allow(s3, `"StringLike":{"aws:userid":"*"}`)}, []string{allow(s3, "")}},
		{other, "two keys are two questions", []string{allow(s3, `"StringNotEquals":{"aws:userid":"a"}`)}, []string{allow(s3, `"StringEquals":{"aws:userid":"a"}`)}},
	}},
	{"an identity calls for no source", []rulePair{
		{same, "no user is allowed by a source account", []string{allow(ownUser, `"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, []string{deny("*", "")}},
		{same, "nor an account by a source ARN", []string{allow(foreignRoot, `"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}`)}, []string{deny("*", "")}},
		{same, "nor a root user by a source organization", []string{allow(ownRoot, `"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}`)}, []string{deny("*", "")}},
		{same, "a Deny of other sources denies each user", []string{allow(ownUser, ""), deny("*", `"StringNotEquals":{"aws:SourceAccount":"111122223333"}`)}, []string{deny("*", "")}},
		{same, "* with a source account is the services", []string{on(`"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, []string{on(`"StringEquals":{"aws:SourceAccount":"111122223333"},"Bool":{"aws:PrincipalIsAWSService":"true"}`)}},
		{other, "a service may call for it", []string{allow(s3, `"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, []string{deny("*", "")}},
		{other, "AWS documents a role that is named with a source account", []string{allow(ownRole, `"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, []string{deny("*", "")}},
		{other, "its sessions too", []string{allow(ownSession, `"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/e"}`)}, []string{deny("*", "")}},
	}},
	{"what each request carries is never absent", []rulePair{
		{same, "a user id is something", []string{allow(ownRole, `"StringLike":{"aws:userid":"*"}`)}, []string{allow(ownRole, "")}},
		{same, "in a Deny too", []string{allow(ownRole, ""), deny(ownRoot, `"StringLike":{"aws:userid":"*"}`)}, []string{deny("*", "")}},
		{same, "there is a time", []string{on(`"Null":{"aws:CurrentTime":"false"}`)}, []string{on("")}},
		{same, "a transport that is not insecure is secure", []string{on(`"Bool":{"aws:SecureTransport":"true"}`)}, []string{on(""), deny("*", `"Bool":{"aws:SecureTransport":"false"}`)}},
		{other, "an id has a form", []string{allow(ownRole, `"StringLike":{"aws:userid":"AROA*"}`)}, []string{allow(ownRole, "")}},
		{other, "other keys may be absent", []string{on(`"Null":{"kms:ViaService":"false"}`)}, []string{on("")}},
	}},
	{"what the key is, is the same in each request", []rulePair{
		{same, "its Region", []string{on(`"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}`)}, []string{on("")}},
		{same, "its spec, usage and origin", []string{on(`"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT","kms:KeyUsage":"ENCRYPT_DECRYPT","kms:KeyOrigin":"AWS_KMS"},"Bool":{"kms:MultiRegion":"false"}`)}, []string{on("")}},
		{same, "under its old name", []string{on(`"StringEquals":{"kms:CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}`)}, []string{on("")}},
		{same, "its account", []string{on(`"StringNotEquals":{"aws:ResourceAccount":"444455556666"}`)}, []string{on("")}},
		{same, "another key's", []string{on(`"StringEquals":{"kms:KeySpec":"HMAC_256"}`)}, []string{deny("*", "")}},
		{other, "whether it is a primary may change", []string{on(`"StringEquals":{"kms:MultiRegionKeyType":"PRIMARY"}`)}, []string{deny("*", "")}},
	}},
}
