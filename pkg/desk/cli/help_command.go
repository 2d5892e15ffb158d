package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// addExitCodes makes every help end with the exit codes.
func addExitCodes(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		help(cmd, args)
		_, _ = fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", exitCodes) // cobra's help has no way to fail either
	})
}

// newHelp replaces cobra's help command, which calls an unknown command fine.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print the help of a command",
		Example: "  kmsguard help diff",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0:
				return unknownCommand(cmd.Root(), rest[0])
			}
			target.InitDefaultHelpFlag()
			target.InitDefaultVersionFlag()
			return target.Help()
		},
	}
}

// newCompletion replaces cobra's completion command, which calls an unknown shell fine.
func newCompletion() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:       "completion " + strings.Join(shells, "|"),
		Short:     "Print the script that completes commands and flags in a shell",
		Example:   "  source <(kmsguard completion bash)\n  kmsguard completion fish > ~/.config/fish/completions/kmsguard.fish",
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("expected one shell of %s, got %d", strings.Join(shells, ", "), len(args))
			}
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			case "zsh":
				return root.GenZshCompletion(out)
			default:
				return misuse("unknown shell %q; known are %s", args[0], strings.Join(shells, ", "))
			}
		},
	}
}

// noArguments refuses arguments, and names the first.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("unexpected argument %q", args[0])
	}
	return nil
}

// complete offers the values of a flag in shell completion.
func complete[T ~string](cmd *cobra.Command, flag string, values ...T) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(fmt.Sprintf("kmsguard: completion of --%s: %v", flag, err)) // the flag does not exist
	}
}
