package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func newRoot(s streams) *cobra.Command {
	o := &options{streams: s, output: textOutput}
	root := &cobra.Command{
		Use:   "kmsguard",
		Short: "AWS KMS key policies against the default that AWS generates for the key type",
		Long: "kmsguard judges AWS KMS key policies by what they allow: against guardrail.yaml, the\n" +
			"default policy that AWS generates for a key's type, or each other.",
		Example: "  kmsguard demo\n  kmsguard check --config guardrail.yaml --account 111122223333 policy.json\n  kmsguard diff baseline.json actual.json",
		Version: app.Version,
		RunE:    group, Args: cobra.ArbitraryArgs,
		PersistentPreRunE: o.checkGlobal,
		SilenceUsage:      true, SilenceErrors: true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	o.addGlobal(root)
	root.AddCommand(newDefault(o), newIdentify(o), newDiff(o), newEval(o), newCheck(o), newScan(o), newReplay(o), newHistory(o), newRestore(o), newPermit(o), newPause(o), newResume(o), newRedrive(o), newDemo(o), newConfig(o), newVersion(o), newCompletion())
	root.SetHelpCommand(newHelp())
	addExitCodes(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if words := cmd.Flags().Args(); cmd == root && len(words) > 0 {
			return unknownCommand(cmd, words[0]) // the flag is that of the command meant
		}
		return misuse("%w", flagProblem(cmd, err))
	})
	return root
}

// group runs the root: alone it prints its help; what follows it would be a command.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(root *cobra.Command, name string) error {
	problem := fmt.Errorf("unknown command %q", name)
	if near := root.SuggestionsFor(name); len(near) > 0 {
		problem = fmt.Errorf("%w; did you mean %s?", problem, strings.Join(near, " or "))
	}
	return usageError{problem, root.CommandPath()}
}
