package catalog

const (
	federationPage = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"
	forwardPage    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html"
	lakePage       = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake-eds.html"
)

// availabilities is the one table of whose requests carry which condition key. Comparison,
// evaluator, lint and judgement read it. The column "Availability" of the global keys' page
// is its source; it says of each key whether a request carries it, seldom of which caller,
// so that what a service's own request lacks is mostly assumed. A key without a row is Free.
var availabilities = []Availability{
	// What tells who calls. A service principal is no identity of an account. AWS says of
	// these keys that all signed requests carry them, and not with what value a service does.
	identifying("aws:PrincipalArn", "", globalPage),
	identifying("aws:PrincipalAccount", "", globalPage),
	identifying("aws:PrincipalType", "", globalPage),
	identifying("aws:userid", "AROAEXAMPLEEXAMPLEEX:session", globalPage),
	identifying("kms:CallerAccount", "", kmsPage),
	{Key: "aws:PrincipalIsAWSService", ByService: Always, ByIdentity: Always, Forwarded: Always, Source: globalPage},
	{Key: "aws:PrincipalServiceName", ByService: Always, ByIdentity: Never, Forwarded: Never, Source: globalPage},
	{Key: "aws:PrincipalServiceNamesList", ByIdentity: Never, Forwarded: Never, Source: globalPage},

	// Properties of an identity, and of its session.
	identityOnly("aws:username", globalPage),
	identityOnly("aws:PrincipalOrgID", globalPage),
	identityOnly("aws:PrincipalOrgPaths", globalPage),
	identityOnly("aws:PrincipalTag/", globalPage),
	identityOnly("aws:AssumedRoot", globalPage),
	identityOnly("aws:FederatedProvider", globalPage),
	identityOnly("aws:TokenIssueTime", globalPage),
	identityOnly("aws:SignInSessionArn", globalPage),
	identityOnly("aws:MultiFactorAuthAge", globalPage),
	identityOnly("aws:MultiFactorAuthPresent", globalPage),
	identityOnly("aws:ChatbotSourceArn", globalPage),
	identityOnly("aws:Ec2InstanceSourceVpc", globalPage),
	identityOnly("aws:Ec2InstanceSourcePrivateIPv4", globalPage),
	identityOnly("aws:SourceIdentity", globalPage),
	identityOnly("ec2:RoleDelivery", globalPage),
	identityOnly("ec2:SourceInstanceArn", globalPage),
	identityOnly("glue:RoleAssumedBy", globalPage),
	identityOnly("glue:CredentialIssuingService", globalPage),
	identityOnly("codebuild:BuildArn", globalPage),
	identityOnly("codebuild:ProjectArn", globalPage),
	identityOnly("lambda:SourceFunctionArn", globalPage),
	identityOnly("ssm:SourceInstanceArn", globalPage),
	identityOnly("identitystore:UserId", globalPage),
	identityOnly("saml:", federationPage),
	identityOnly("aws:CalledVia", globalPage),
	identityOnly("aws:CalledViaFirst", globalPage),
	identityOnly("aws:CalledViaLast", globalPage),
	identityOnly("aws:CalledViaAWSMCP", globalPage),

	// For whom a service calls. AWS documents them for direct calls of services only, and
	// prints a policy that asks a role for two of them.
	{Key: "aws:SourceArn", ByIdentity: Never, Forwarded: Never, RoleExempt: true, RoleSource: lakePage, Source: globalPage},
	{Key: "aws:SourceAccount", ByIdentity: Never, Forwarded: Never, RoleExempt: true, RoleSource: lakePage, Source: globalPage},
	{Key: "aws:SourceOrgID", ByIdentity: Never, Forwarded: Never, Source: globalPage},
	{Key: "aws:SourceOrgPaths", ByIdentity: Never, Forwarded: Never, Source: globalPage},

	// By which service the request comes. AWS does not say whether a service's own request
	// carries kms:ViaService.
	{Key: "aws:ViaAWSService", ByIdentity: Always, Forwarded: Always, Example: "false", Source: globalPage},
	{Key: "kms:ViaService", ByIdentity: Never, Source: forwardPage},

	// What each request carries.
	everywhere("aws:CurrentTime", "2026-11-30T00:00:00Z", globalPage),
	everywhere("aws:EpochTime", "1796083200", globalPage),
	everywhere("aws:SecureTransport", "true", globalPage),
	everywhere("aws:RequestedRegion", "us-east-1", globalPage),
	everywhere("aws:ResourceAccount", "", globalPage),
	everywhere("kms:CustomerMasterKeySpec", "SYMMETRIC_DEFAULT", kmsPage),
	everywhere("kms:CustomerMasterKeyUsage", "ENCRYPT_DECRYPT", kmsPage),
	everywhere("kms:KeySpec", "SYMMETRIC_DEFAULT", kmsPage),
	everywhere("kms:KeyUsage", "ENCRYPT_DECRYPT", kmsPage),
	everywhere("kms:KeyOrigin", "AWS_KMS", kmsPage),
	everywhere("kms:MultiRegion", "false", kmsPage),

	// What the caller writes into the request, or arranges at home.
	{Key: "aws:UserAgent", Source: globalPage},
	{Key: "aws:referer", Source: globalPage},
	{Key: "aws:VpcSourceIp", Source: globalPage}, // private addresses are anybody's
	{Key: "aws:RequestTag/", Source: globalPage},
	{Key: "aws:TagKeys", Source: globalPage},
	{Key: "kms:EncryptionContext:", Source: kmsPage},
	{Key: "kms:EncryptionContextKeys", Source: kmsPage},
	{Key: "kms:RequestAlias", Source: kmsPage},
}

// identifying is the row of a key that says which identity calls.
func identifying(key, example, source string) Availability {
	return Availability{Key: key, ByService: Foreign, ByIdentity: Always, Forwarded: Always, Example: example, Assumed: true, Source: source}
}

// identityOnly is the row of a key that describes an identity or its session.
func identityOnly(key, source string) Availability {
	return Availability{Key: key, ByService: Never, Assumed: true, Source: source}
}

// everywhere is the row of a key that each request carries.
func everywhere(key, example, source string) Availability {
	return Availability{Key: key, ByService: Always, ByIdentity: Always, Forwarded: Always, Example: example, Source: source}
}
