package recognition_test

import (
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// A policy in words that AWS does not use; the console's wizard would have given the same.
func ExampleIdentify() {
	d, err := policy.Parse(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/App"}, "Action": "kms:GenerateMac", "Resource": "*"},
		{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/App"]}, "Action": ["kms:DescribeKey", "KMS:VerifyMac"], "Resource": "*"},
		{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
	]}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	key := policy.Key{Partition: "aws", Account: "111122223333"}
	keyType := defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults()
	result, err := recognition.Identify(key, keyType, d.Set, recognition.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Verdict, result.Forms[0].Style, result.Editions())
	fmt.Println(result.Forms[0].Administrators, result.Forms[0].Users)
	// Output:
	// default console [2024-04 2017-02]
	// [] [arn:aws:iam::111122223333:role/App]
}
