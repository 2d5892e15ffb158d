package defaultpolicy_test

import (
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

func ExampleGenerate() {
	keyType := defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults()
	document, err := defaultpolicy.Generate(keyType, defaultpolicy.Options{
		Style:     defaultpolicy.Console,
		Account:   "111122223333",
		Partition: "aws",
		Users:     []string{"arn:aws:iam::111122223333:role/Tokens", "444455556666"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(document.Text())
	// Output:
	// {
	//   "Version" : "2012-10-17",
	//   "Id" : "key-consolepolicy-3",
	//   "Statement" : [ {
	//     "Sid" : "Enable IAM User Permissions",
	//     "Effect" : "Allow",
	//     "Principal" : {
	//       "AWS" : "arn:aws:iam::111122223333:root"
	//     },
	//     "Action" : "kms:*",
	//     "Resource" : "*"
	//   }, {
	//     "Sid" : "Allow use of the key",
	//     "Effect" : "Allow",
	//     "Principal" : {
	//       "AWS" : [ "arn:aws:iam::111122223333:role/Tokens", "arn:aws:iam::444455556666:root" ]
	//     },
	//     "Action" : [ "kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac" ],
	//     "Resource" : "*"
	//   } ]
	// }
}

func ExampleGenerate_refused() {
	keyType := defaultpolicy.KeyType{Spec: defaultpolicy.SM2, Usage: defaultpolicy.SignVerify}.WithDefaults()
	_, err := defaultpolicy.Generate(keyType, defaultpolicy.Options{Style: defaultpolicy.API, Account: "111122223333", Partition: "aws"})
	var refused *defaultpolicy.Error
	fmt.Println(errors.As(err, &refused), refused.Code)
	fmt.Println(err)
	// Output:
	// true not-in-partition
	// SM2 keys exist only in China Regions (partition aws-cn), not in aws (not-in-partition)
}

func ExampleVariants() {
	keyType := defaultpolicy.KeyType{Origin: defaultpolicy.External}.WithDefaults()
	variants, err := defaultpolicy.Variants(keyType, defaultpolicy.Options{
		Style:          defaultpolicy.Console,
		Account:        "111122223333",
		Partition:      "aws",
		Administrators: []string{"arn:aws:iam::111122223333:role/Security"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range variants {
		fmt.Println(v.Edition, v.Rotation, v.Document.ID)
	}
	// Output:
	// 2024-04 true key-consolepolicy-3
	// 2024-04 false key-consolepolicy-3
	// 2015-10 false key-consolepolicy-2
}

func ExampleUsagesOf() {
	fmt.Println(defaultpolicy.UsagesOf(defaultpolicy.RSA2048))
	fmt.Println(defaultpolicy.UsagesOf(defaultpolicy.MLKEM768))
	fmt.Println(defaultpolicy.UsagesOf("RSA_1024"))
	// Output:
	// [ENCRYPT_DECRYPT SIGN_VERIFY]
	// [ENCAPSULATE_DECAPSULATE]
	// []
}
