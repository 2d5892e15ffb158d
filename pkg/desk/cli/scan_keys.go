package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// accountReader is what of AWS KMS scan calls, for the keys of one account and Region. It
// cannot write.
type accountReader interface {
	keyReader
	Keys(ctx context.Context) iter.Seq2[[]string, error]
	AliasesByKey(ctx context.Context) (map[string][]string, error)
}

// regionKeys are the keys of one Region, and what was read of all of them at once.
type regionKeys struct {
	keyReader
	arns       []string
	aliases    map[string][]string
	aliasesErr error // access denied, or nil
	denied     *denials
}

// listKeys lists the keys and aliases of a Region. Aliases that may not be listed stay
// unknown.
func listKeys(ctx context.Context, region string, keys accountReader, denied *denials) (regionKeys, error) {
	r := regionKeys{keyReader: keys, denied: denied}
	for page, err := range keys.Keys(ctx) {
		if err != nil {
			return r, fmt.Errorf("listing the keys of %s: %w", region, denied.saw("kms:ListKeys", err))
		}
		r.arns = append(r.arns, page...)
	}
	var err error
	r.aliases, err = keys.AliasesByKey(ctx)
	switch {
	case errors.Is(denied.saw("kms:ListAliases", err), inspect.ErrAccessDenied):
		r.aliasesErr = err
	case err != nil:
		return r, fmt.Errorf("listing the aliases of %s: %w", region, err)
	}
	return r, nil
}

// Describe is the reader's, and remembers that it was denied.
func (r regionKeys) Describe(ctx context.Context, arn string) (rules.Key, error) {
	k, err := r.keyReader.Describe(ctx, arn)
	return k, r.denied.saw("kms:DescribeKey", err)
}

// Policy is the reader's, and remembers that it was denied.
func (r regionKeys) Policy(ctx context.Context, arn string) (string, error) {
	text, err := r.keyReader.Policy(ctx, arn)
	return text, r.denied.saw("kms:GetKeyPolicy", err)
}

// Tags is the reader's, and remembers that it was denied.
func (r regionKeys) Tags(ctx context.Context, arn string) (map[string]string, error) {
	tags, err := r.keyReader.Tags(ctx, arn)
	return tags, r.denied.saw("kms:ListResourceTags", err)
}

// Aliases returns the aliases that were listed for all keys at once, without a call.
func (r regionKeys) Aliases(_ context.Context, arn string) ([]string, error) {
	return r.aliases[arn[strings.LastIndexByte(arn, '/')+1:]], r.aliasesErr
}

// denials are the actions that somebody would need and may not use.
type denials struct {
	mu      sync.Mutex
	actions map[string]bool
}

// saw remembers an action whose error says that access was denied, and returns the error.
func (d *denials) saw(action string, err error) error {
	if errors.Is(err, inspect.ErrAccessDenied) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.actions[action] = true
	}
	return err
}

// statement returns the statement that would have to be added to the caller's IAM policy,
// as JSON, "" where nothing was denied. The two list actions know no resource but "*".
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
func (d *denials) statement() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.actions) == 0 {
		return "", nil
	}
	text, err := report.JSON(struct {
		Effect   string
		Action   []string
		Resource string
	}{"Allow", slices.Sorted(maps.Keys(d.actions)), "*"}, "", "  ")
	return string(text), err
}
