package awskms

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// keysPerPage is the most that ListKeys answers at once.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
const keysPerPage = 1000

// aliasesPerPage is the most that ListAliases answers at once.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
const aliasesPerPage = 100

// Keys yields the ARNs of all keys of the configuration's account and Region, those that
// AWS manages included, with a ListKeys call for each thousand. A key that is made
// meanwhile may be missing, and one may be gone by the time it is looked at. After an
// error there is no more; its class is one that [inspect.Keys] documents.
func (c *Client) Keys(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		pages := kms.NewListKeysPaginator(c.api, &kms.ListKeysInput{Limit: aws.Int32(keysPerPage)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, classify(err))
				return
			}
			arns := make([]string, len(page.Keys))
			for i, key := range page.Keys {
				arns[i] = aws.ToString(key.KeyArn)
			}
			if !yield(arns, nil) {
				return
			}
		}
	}
}

// AliasesByKey returns the names of all aliases of the configuration's account and Region by
// the id of their key, with a ListAliases call for each hundred. Its errors have
// the same classes as the errors of [Client.Keys].
func (c *Client) AliasesByKey(ctx context.Context) (map[string][]string, error) {
	names := map[string][]string{}
	pages := kms.NewListAliasesPaginator(c.api, &kms.ListAliasesInput{Limit: aws.Int32(aliasesPerPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(err)
		}
		for _, alias := range page.Aliases {
			if id := aws.ToString(alias.TargetKeyId); id != "" { // an alias of AWS may have no key yet
				names[id] = append(names[id], aws.ToString(alias.AliasName))
			}
		}
	}
	return names, nil
}
