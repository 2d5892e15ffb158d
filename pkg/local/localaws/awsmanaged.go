package localaws

import "fmt"

// AddAWSManagedKey adds the AWS managed key of a service, such as "s3", with
// the alias alias/aws/s3, and returns its ARN. Its policy can be read but
// does not let anyone in the account change the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
func (a *Account) AddAWSManagedKey(region, service string) string {
	c := a.cloud
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &key{account: a.ID, region: region, id: c.uuid(), created: c.now(), manager: "AWS",
		description: "Default key that protects my data when no other key is defined",
		spec:        symmetricDefault, usage: encryptDecrypt, origin: "AWS_KMS", state: "Enabled", tags: map[string]string{}}
	k.arn = kmsARN{a.Partition, region, a.ID, "key/" + k.id}.String()
	policy, err := c.readPolicy(k, awsManagedPolicy(a, region, service))
	if err != nil {
		panic("localaws: " + err.Error())
	}
	k.policy = policy
	c.keys[k.arn] = k
	c.addAlias(k, "alias/aws/"+service)
	return k.arn
}

// awsManagedPolicy has the form of the AWS managed keys that the guide shows.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func awsManagedPolicy(a *Account, region, service string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "auto-%[1]s-1",
  "Statement" : [ {
    "Sid" : "Allow access through %[1]s for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "%[2]s",
        "kms:ViaService" : "%[3]s"
      }
    }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:%[4]s:iam::%[2]s:root"
    },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*" ],
    "Resource" : "*"
  } ]
}`, service, a.ID, viaService(service, region), a.Partition)
}
