// Package awsssm is the adapter for AWS Systems Manager Parameter Store: one parameter with the
// text of the kill switch.
package awsssm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// ErrNoParameter means that there is no parameter of the name in the account and Region.
var ErrNoParameter = errors.New("there is no such parameter")

// Parameter is one parameter of type String. It may be used by several goroutines.
type Parameter struct {
	api  *ssm.Client
	name string
}

// New returns the parameter of a name, such as /kms-guardrail/mode-max.
func New(config aws.Config, name string) *Parameter {
	return &Parameter{ssm.NewFromConfig(config), name}
}

// Read returns the value, and when it was last changed, with one GetParameter call. A value that
// nobody changed since the parameter was made has no such time. The error is
// [ErrNoParameter] where there is none, else it says what AWS answered.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
func (p *Parameter) Read(ctx context.Context) (text string, changed time.Time, err error) {
	out, err := p.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &p.name})
	switch {
	case missing(err):
		return "", changed, fmt.Errorf("reading %s: %w", p.name, ErrNoParameter)
	case err != nil:
		return "", changed, fmt.Errorf("reading %s: %w", p.name, err)
	case out.Parameter == nil:
		return "", changed, fmt.Errorf("reading %s: Parameter Store answers without it", p.name)
	}
	if out.Parameter.Version > 1 {
		changed = aws.ToTime(out.Parameter.LastModifiedDate)
	}
	return aws.ToString(out.Parameter.Value), changed, nil
}

// Write replaces the value, with one PutParameter call. A parameter that is not there is not
// made: the deployment makes it, and a function reads no other.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func (p *Parameter) Write(ctx context.Context, text string) error {
	if _, _, err := p.Read(ctx); err != nil {
		return err
	}
	if _, err := p.api.PutParameter(ctx, &ssm.PutParameterInput{Name: &p.name, Value: &text, Overwrite: aws.Bool(true)}); err != nil {
		return fmt.Errorf("writing %s: %w", p.name, err)
	}
	return nil
}

func missing(err error) bool {
	var none *types.ParameterNotFound
	return errors.As(err, &none)
}
