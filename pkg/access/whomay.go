package access

import "github.com/kms-guardrail/kms-guardrail/pkg/policy"

// WhoMay returns who may perform an action under a policy, in the words of
// [Difference.Principals], in order and without repetition: first those whom the
// policy allows whatever its conditions mean. unsure tells whether others may,
// too, depending on what could not be decided. action is a name such as
// kms:PutKeyPolicy.
func WhoMay(key Key, d *policy.Document, action string) (principals []string, unsure bool) {
	nobody, err := policy.Parse(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}`)
	if err != nil {
		panic("access: the policy that allows nothing is malformed: " + err.Error())
	}
	result := Compare(key, nobody, d)
	seen := map[string]bool{}
	for _, difference := range result.Excess {
		for _, name := range difference.Actions {
			if ActionsMatching(name)&ActionsMatching(action) == 0 {
				continue
			}
			for _, principal := range difference.Principals {
				if !seen[principal] {
					seen[principal] = true
					principals = append(principals, principal)
				}
			}
		}
	}
	return principals, len(result.Inconclusive) > 0
}
