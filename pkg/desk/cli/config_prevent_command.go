package cli

import (
	"github.com/spf13/cobra"
)

func newConfigPrevent(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "prevent [scp|rcp]",
		Short: "Print organization policies that prevent what guardrail.yaml would only repair",
		Long: `prevent prints two policies for AWS Organizations, made of guardrail.yaml:

  scp  a service control policy. It binds the people and roles of member accounts:
       nobody may skip KMS's lockout check.
  rcp  a resource control policy. It binds everybody who calls a key of a member
       account: nobody outside the organization gets through, but for the accounts
       and organizations that guardrail.yaml names.

guardrail.yaml has to name the organization (organization.id). With scp or rcp only
that policy is printed, as JSON to store; the reasons are on stderr. Neither policy
gives access, and neither binds the management account.

Before anything is printed, the evaluator shows that each principal whom a baseline
requires, and the guardrail, may still change and use a key. The exit code is 2 where
one could not. What guardrail.yaml permits and the rcp refuses is listed on stderr.`,
		Example: "  kmsguard config prevent\n" +
			"  kmsguard config prevent rcp > rcp.json\n" +
			"  kmsguard config prevent --output json",
		ValidArgs: []string{"scp", "rcp"}, Annotations: concerns(readsConfiguration),
		RunE: func(_ *cobra.Command, args []string) error { return prevent(o, args) },
	}
}
