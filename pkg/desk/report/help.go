package report

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

// helpOf returns what a finding with a code means, and what to do about it.
func helpOf(code guardrail.Code) string {
	if kind, ok := strings.CutPrefix(string(code), "lint-"); ok {
		if text := lint.Code(kind).Explain(); text != "" {
			return "The policy hardly says what its author meant: " + text + "."
		}
	}
	if text, ok := helps[code]; ok {
		return text
	}
	return "This version of kmsguard has no help for this finding. Its message says what is wrong."
}

// helps has the help of each code that is not of lint.
var helps = map[guardrail.Code]string{
	guardrail.CodePublicAccess:            "Principals of any AWS account may use or administer the key. Remove the statement, name the principals, or add a condition that says who they are.",
	guardrail.CodeForeignAccess:           "Another account has access that the baseline does not permit. Remove it, or permit it in guardrail.yaml.",
	guardrail.CodeServiceAccess:           "An AWS service has access that the baseline does not permit. Remove it, or add the integration to the baseline.",
	guardrail.CodeAccountAccess:           "A principal of the key's own account has access that the baseline does not permit. Remove it, or permit it in guardrail.yaml.",
	guardrail.CodeAccountStatementMissing: "IAM policies of the account do not work for the key. Add the statement that gives the account kms:*. When the principals that can still change the policy are gone, nobody can.",
	guardrail.CodeControlRestricted:       "A Deny leaves control of the key policy only to callers or places that it chooses. Remove it, or name the administrators in the baseline.",
	guardrail.CodeNoAdministrator:         "Nobody can change the key policy any more. Only AWS Support can bring the key back.",
	guardrail.CodeOnlyDeadPrincipals:      "Nobody can change the key policy any more: the principals that it names are deleted. Only AWS Support can bring the key back.",
	guardrail.CodeRequiredAccessMissing:   "An administrator, user or statement that the baseline requires lacks access. Add the access, or change the baseline.",
	guardrail.CodeAccessMissing:           "The account cannot give all the access that the generated default lets it give. Add the access, or change the baseline.",
	guardrail.CodeHardeningDeny:           "A Deny narrows what the account may give. Where that is wanted, set hardeningDenies: permit in the baseline.",
	guardrail.CodeUseDenied:               "A Deny takes decryption, signing or verification from its owner. As long as it is there, data is lost. Remove it.",
	guardrail.CodeNotGeneratedDefault:     "The policy lies within the limits, but the baseline wants exactly a policy that AWS generates.",
	guardrail.CodeLockoutCheckBypassed:    "Who set the policy asked KMS to skip the check that it can still be changed. Ask who it was and why.",
	guardrail.CodeNotice:                  "Somebody made a call that guardrail.yaml asks to be told of (notices). The key was not judged.",
	guardrail.CodeForeignGrant:            "Somebody made a grant for another account. No repair of the key policy takes it back. Revoke it, or permit the account in guardrail.yaml.",
	guardrail.CodeExemptByTag:             "A tag exempts the key. Whoever may tag the key can do that. Exempt it by its ARN instead.",
	guardrail.CodeExemptionExpired:        "An exemption that would apply has expired. Renew or remove it in guardrail.yaml.",
	guardrail.CodeRuleUndecided:           "It is not known whether a rule matches the key, so nothing was judged. The message says what is missing.",
	guardrail.CodePlanRefused:             "A repair is wanted, and no plan for it could be proved. Change the policy by hand.",
	guardrail.CodeRepairHeld:              "A repair is planned and is not written, because of what it would break. The message says what. A person decides.",
	guardrail.CodeBudgetExhausted:         "The key was repaired as often as the budget allows, and somebody undoes it. The message names who.",
	guardrail.CodeTugOfWar:                "Somebody undoes each repair of a critical finding. The message names who. Stop them first.",
	guardrail.CodeBreakerOpen:             "More repairs were wanted in an hour than guardrail.yaml allows. Something is wrong with many keys, or with the configuration.",
	guardrail.CodeArchiveUnusable:         "The policy could not be archived, so nothing was written. Mend the archive.",
	guardrail.CodeUndecided:               "It was neither proved nor disproved that the policy lies within its limits. Write the statement in a simpler way.",
	guardrail.CodeUnknownUntilDeployment:  "The template or plan does not have all that the judgement needs; only the deployment knows it. The message says what. Write it into the template, or scan after the deployment.",
	guardrail.CodeMalformedPolicy:         "The policy cannot be read. KMS would refuse it.",
	guardrail.CodeUnknownKeyType:          "There is no generated default for the type of the key, so nothing was judged. A newer version may know it.",
	guardrail.CodeBadBaseline:             "The baseline does not fit the key, so nothing was judged. The message says why.",
	guardrail.CodeMoreFindings:            "There are more findings than are listed. Mend these first, and look again.",
	guardrail.CodeLockedOut:               "The key policy does not let the guardrail read it, or change it where it is to repair the key. Give the guardrail its access.",
	guardrail.CodeGuardrailDenied:         "A Deny of the key policy takes from the guardrail what it needs to see or mend the key. Remove it, or leave the guardrail out of it.",
	guardrail.CodeAccessDenied:            "AWS refused to let kmsguard read the key. Give the caller kms:DescribeKey and kms:GetKeyPolicy.",
	guardrail.CodeKeyGone:                 "The key does not exist any more.",
	guardrail.CodeBadEvent:                "The event cannot be understood, or contradicts itself.",
	guardrail.CodeRepairRefused:           "KMS did not accept the repair. Change the policy by hand.",
	guardrail.CodeUnexpectedError:         "AWS answered in a way that the guardrail does not know. Look again later.",
	codeNotExplained:                      "The key is not compliant, or could not be judged, and no finding says why. Treat it as not judged.",
}
