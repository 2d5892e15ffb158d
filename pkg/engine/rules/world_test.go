package rules_test

import (
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	account = "111122223333"
	foreign = "444455556666"
	admin   = "arn:aws:iam::111122223333:role/Admin"
	worker  = "arn:aws:iam::111122223333:role/Worker"
)

var (
	symmetric = key("aws", "us-east-1", defaultpolicy.KeyType{})
	hmac      = key("aws", "us-east-1", defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256})
	now       = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

	// exactly wants a generated default of any of the account's roles.
	exactly = configured(func(b *rules.Baseline) {
		b.Match = rules.ExactDefault
		b.Administrators.Permitted, b.Users.Permitted = []string{"arn:${Partition}:iam::${AccountId}:role/*"}, []string{"arn:${Partition}:iam::${AccountId}:role/*"}
	})
	// zero is what counts without a file.
	zero = rules.DefaultConfiguration()
	// api is the API default and nothing beside it.
	api = configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
	// console wants Admin as administrator and Worker as user, and permits nobody else.
	console = configured(func(b *rules.Baseline) {
		b.Administrators.Required, b.Users.Required = []string{admin}, []string{worker}
	})
)

// configured is a configuration in repair mode with one baseline, which permits nobody.
func configured(change func(*rules.Baseline)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode = rules.Repair
	b := rules.DefaultBaseline()
	b.Name = "default"
	change(&b)
	c.Baselines = []rules.Baseline{b}
	return c
}

func key(partition, region string, t defaultpolicy.KeyType) rules.Key {
	return rules.Key{
		ARN:     "arn:" + partition + ":kms:" + region + ":" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
		Account: account, Region: region, Partition: partition, Type: t.WithDefaults(),
	}
}

// exemption is one for all keys of the account, until a moment.
func exemption(change func(*rules.Exemption)) rules.Exemption {
	e := rules.Exemption{
		Name: "migration", Owner: "team payments", Reason: "moves out in January",
		Match: rules.Match{Accounts: []string{account}}, Expires: now.Add(time.Hour),
	}
	change(&e)
	return e
}
