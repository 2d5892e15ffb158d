package demo

import (
	_ "embed"
	"strings"
)

// guardrailRole is the name of the guardrail's role, alike in both accounts.
const guardrailRole = "kms-guardrail"

// roleTemplate is all that the stack lets the guardrail do with keys in repair mode, with
// CloudFormation's names for the partition, the Region and the account. A test of infra holds the
// synthesised role against this file, so that the demo can do no more than the stack.
//
//go:embed role.json
var roleTemplate string

// rolePolicy returns the identity policy of the guardrail's role.
func (p *place) rolePolicy() string {
	return strings.NewReplacer("${AWS::Partition}", p.partition, "${AWS::Region}", p.region, "${AWS::AccountId}", p.account).Replace(roleTemplate)
}
