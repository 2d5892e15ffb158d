package catalog

const globalPage = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"

// Requests that pass tags. ReplicateKey takes tags too; AWS does not say whether its
// request carries them, so it counts as possible.
var tagActions = []string{"CreateKey", "ReplicateKey", "TagResource", "UntagResource"}

// globalKeys are the keys of every service, the cross-service keys among them, in the
// order of the page; whose requests carry which is in availability.go. KMS supports all of them
// (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-aws.html); tag keys of
// the resource only in IAM policies.
var globalKeys = []ConditionKey{
	// Properties of the principal.
	{Name: "aws:PrincipalArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalAccount", Type: String, AccountID: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalOrgPaths", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalOrgID", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalTag/", Prefix: true, Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalIsAWSService", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalServiceName", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalServiceNamesList", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:PrincipalType", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:userid", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:username", Type: String, UsableInKeyPolicy: true, Source: globalPage},

	// Properties of a role session.
	{Name: "aws:AssumedRoot", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:FederatedProvider", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:TokenIssueTime", Type: Date, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SignInSessionArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:MultiFactorAuthAge", Type: Numeric, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:MultiFactorAuthPresent", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ChatbotSourceArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:Ec2InstanceSourceVpc", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:Ec2InstanceSourcePrivateIPv4", Type: IP, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceIdentity", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "ec2:RoleDelivery", Type: Numeric, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "ec2:SourceInstanceArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "glue:RoleAssumedBy", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "glue:CredentialIssuingService", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "codebuild:BuildArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "codebuild:ProjectArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "lambda:SourceFunctionArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "ssm:SourceInstanceArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "identitystore:UserId", Type: String, UsableInKeyPolicy: true, Source: globalPage},

	// Properties of the network.
	{Name: "aws:SourceIp", Type: IP, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceVpc", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceVpcArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceVpce", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:VpceAccount", Type: String, AccountID: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:VpceOrgID", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:VpceOrgPaths", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:VpcSourceIp", Type: IP, UsableInKeyPolicy: true, Source: globalPage},

	// Properties of the resource.
	{Name: "aws:ResourceAccount", Type: String, AccountID: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ResourceOrgID", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ResourceOrgPaths", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ResourceTag/", Prefix: true, Type: String, Source: tagPage},

	// Properties of the request.
	{Name: "aws:CalledVia", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:CalledViaFirst", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:CalledViaLast", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:CalledViaAWSMCP", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ViaAWSService", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:ViaAWSMCPService", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:CurrentTime", Type: Date, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:EpochTime", Type: DateOrNumeric, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:referer", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:RequestedRegion", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:RequestTag/", Prefix: true, Type: String, Actions: tagActions, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:TagKeys", Type: String, MultiValued: true, Actions: tagActions, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SecureTransport", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceAccount", Type: String, AccountID: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceArn", Type: ARN, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceOrgID", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:SourceOrgPaths", Type: String, MultiValued: true, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:UserAgent", Type: String, UsableInKeyPolicy: true, Source: globalPage},
	{Name: "aws:IsMcpServiceAction", Type: Bool, UsableInKeyPolicy: true, Source: globalPage},
}
