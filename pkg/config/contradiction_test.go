package config_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

// TestContradictionsHaveTheirPlace: what guardrail.Configuration.Check finds is told with
// line and column, and with a request where there is one.
func TestContradictionsHaveTheirPlace(t *testing.T) {
	tests := []struct{ because, text, want string }{
		{
			"a floor outside its ceiling has a witness, at the statements that forbid it",
			"version: 1\nbaselines:\n  strict:\n    style: console\n    administrators:\n      required: [\"arn:aws:iam::111122223333:role/Admin\"]\n" +
				"    require:\n      - Effect: Deny\n        Principal: {AWS: \"arn:aws:iam::111122223333:role/Admin\"}\n        Action: kms:Create*\n",
			"g.yaml:7:5: the floor is not inside the ceiling: arn:aws:iam::111122223333:role/Admin must be allowed kms:Create*, and a required Deny forbids it, " +
				"for a key of type SYMMETRIC_DEFAULT ENCRYPT_DECRYPT; for example arn:aws:sts::111122223333:assumed-role/Admin/unnamed-session with kms:CreateAlias",
		},
		{
			"a default is one of the baselines", "version: 1\ndefault: standrad\nbaselines: {standard: {style: api}}\n",
			`g.yaml:2:10: there is no baseline "standrad"; did you mean "standard"?`,
		},
		{
			"a rule's baseline is one of them", "version: 1\nbaselines: {standard: {style: api}}\nrules:\n  - {name: a, match: {}, baseline: console}\n",
			`g.yaml:4:36: there is no baseline "console"; there are standard`,
		},
		{
			"the API default names nobody", "version: 1\nbaselines: {standard: {style: api, users: {permitted: [\"arn:aws:iam::111122223333:role/*\"]}}}\n",
			"g.yaml:2:43: the API default names no users; style: console does",
		},
		{
			"a pattern has an account", "version: 1\nbaselines:\n  a:\n    style: console\n    users:\n      permitted:\n        - arn:aws:iam::*:role/x\n",
			`g.yaml:7:11: "arn:aws:iam::*:role/x": the account of a pattern must be an account id or ${AccountId}: a pattern for accounts would let in accounts that nobody chose`,
		},
		{
			"exactly a default has nothing more", "version: 1\nbaselines:\n  a: {style: api, match: exact, integrations: [cloudtrail]}\n",
			"g.yaml:3:26: match: exact wants a generated default as it is; with integrations, permit or require, use match: bounds",
		},
	}
	for _, test := range tests {
		if c, err := config.Read("g.yaml", []byte(test.text)); c != nil || err == nil || err.Error() != test.want {
			t.Errorf("%s: got\n%v\nwant\n%s", test.because, err, test.want)
		}
	}
}
