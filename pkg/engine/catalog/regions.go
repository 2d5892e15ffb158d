package catalog

import (
	"iter"
	"slices"
)

// partitions are the Regions in which AWS KMS has an endpoint, by partition, as the AWS SDK for Go had them
// in service/kms v1.62.5, read on 2026-12-01. Partitions that are not public are left out.
// https://docs.aws.amazon.com/general/latest/gr/kms.html
var partitions = []struct {
	name    string
	regions []string
}{
	{"aws", []string{
		"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
		"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
		"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
		"eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}},
	{"aws-cn", []string{"cn-north-1", "cn-northwest-1"}},
	{"aws-us-gov", []string{"us-gov-east-1", "us-gov-west-1"}},
	{"aws-eusc", []string{"eusc-de-east-1"}},
}

// PartitionOf returns the partition of a Region, such as aws, or "" where no Region of AWS KMS has that name.
func PartitionOf(region string) string {
	for _, p := range partitions {
		if slices.Contains(p.regions, region) {
			return p.name
		}
	}
	return ""
}

// Regions yields the Regions of a partition in alphabetical order; of "" the Regions of all partitions.
func Regions(partition string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range partitions {
			if partition != "" && p.name != partition {
				continue
			}
			for _, region := range p.regions {
				if !yield(region) {
					return
				}
			}
		}
	}
}
