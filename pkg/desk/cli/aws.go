package cli

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// awsFlags say which AWS to call, as the flags of the same names.
type awsFlags struct{ profile, region, endpoint string }

// load reads the AWS configuration of the environment and the flags.
func (f awsFlags) load(ctx context.Context) (aws.Config, error) {
	var list []func(*config.LoadOptions) error
	if f.profile != "" {
		list = append(list, config.WithSharedConfigProfile(f.profile))
	}
	if f.region != "" {
		list = append(list, config.WithRegion(f.region))
	}
	if f.endpoint != "" {
		list = append(list, config.WithBaseEndpoint(f.endpoint))
	}
	c, err := config.LoadDefaultConfig(ctx, list...)
	if err != nil {
		return c, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	return c, nil
}

// keyReader is what of AWS KMS the commands call that judge and explain. It cannot write.
type keyReader interface {
	Resolve(ctx context.Context, id string) (string, error)
	Describe(ctx context.Context, arn string) (rules.Key, error)
	Policy(ctx context.Context, arn string) (string, error)
	Aliases(ctx context.Context, arn string) ([]string, error)
	Tags(ctx context.Context, arn string) (map[string]string, error)
}

func (f awsFlags) keyReader(ctx context.Context) (keyReader, error) {
	c, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	return awskms.New(c, 1), nil
}

// pathStyle lets an endpoint that stands in for S3 do without a host for each bucket.
func pathStyle(o *s3.Options) { o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil }
