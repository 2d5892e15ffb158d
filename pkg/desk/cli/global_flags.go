package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// addGlobal adds the flags of every command to the root.
func (o *options) addGlobal(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.Var(&o.output, "output", "how results are written: text, json (one document) or jsonl (one object a line)")
	flags.BoolVar(&o.noColor, "no-color", false, "write without colours, as with NO_COLOR; there are none but on a terminal")
	flags.IntVar(&o.width, "width", 0, "`COLUMNS` at which text is wrapped, from 40 on (that of the terminal, else 120)")
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration (that of "+app.EnvConfig+", else guardrail.yaml in the working directory or above it)")
	flags.BoolVar(&o.defaultConfig, "default-config", false, "judge by the built-in default configuration")
	flags.StringVar(&o.aws.profile, "profile", "", "`NAME` of the profile of the shared AWS configuration")
	flags.StringVar(&o.aws.region, "region", "", "AWS `REGION` (a key whose ARN is known is called in its own)")
	flags.StringVar(&o.aws.endpoint, "endpoint-url", "", "`URL` to call in place of AWS")
	complete(root, "output", textOutput, jsonOutput, jsonlOutput)
}

// The annotations of a command say which global flags mean something to it. The other
// flags of these groups are errors: they would change nothing.
const (
	readsConfiguration = "reads the configuration" // --config
	judges             = "judges"                  // --default-config
	callsAWS           = "calls AWS"               // --profile, --region and --endpoint-url
)

// concerns returns the annotations of a command.
func concerns(what ...string) map[string]string {
	annotations := map[string]string{}
	for _, w := range what {
		annotations[w] = "yes"
	}
	return annotations
}

// restricted are the global flags that mean something to some commands only.
var restricted = []struct{ flag, concern, without string }{
	{"config", readsConfiguration, "reads no configuration"},
	{"default-config", judges, "judges nothing"},
	{"profile", callsAWS, "calls no AWS"},
	{"region", callsAWS, "calls no AWS"},
	{"endpoint-url", callsAWS, "calls no AWS"},
}

// regionForm is that of every Region, such as us-east-1, us-gov-west-1 or eusc-de-east-1.
// https://docs.aws.amazon.com/general/latest/gr/kms.html
var regionForm = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$`)

// checkGlobal refuses global flags that a command would ignore, or that cannot be.
func (o *options) checkGlobal(cmd *cobra.Command, _ []string) error {
	for _, r := range restricted {
		if cmd.Flags().Changed(r.flag) && !cmd.HasSubCommands() && cmd.Annotations[r.concern] == "" {
			return misuse("--%s says nothing to %s, which %s; %s do", r.flag, cmd.CommandPath(), r.without, strings.Join(concerned(cmd.Root(), r.concern), ", "))
		}
	}
	if cmd.Flags().Changed("width") && (o.width < narrowest || o.width > widest) {
		return misuse("--width: %d is not a number from %d to %d", o.width, narrowest, widest)
	}
	if err := checkEndpoint(o.aws.endpoint); err != nil {
		return err
	}
	return checkRegion(o.aws.region)
}

// checkRegion refuses what is no Region.
func checkRegion(region string) error {
	if region != "" && !regionForm.MatchString(region) {
		return misuse("--region: %q is not a Region, such as us-east-1", region)
	}
	return nil
}

// concerned returns the paths of the commands below one that have an annotation.
func concerned(cmd *cobra.Command, concern string) []string {
	var paths []string
	if cmd.Annotations[concern] != "" {
		paths = append(paths, strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
	}
	for _, child := range cmd.Commands() {
		paths = append(paths, concerned(child, concern)...)
	}
	return paths
}

// flagProblem words the error of a number or truth value as people say it, and asks for the flag
// that an unknown one was probably meant to be.
func flagProblem(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		return fmt.Errorf("%w%s", err, meantFlag(cmd, unknown))
	}
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(invalid, &number) {
		return err
	}
	wanted := "a whole number"
	if invalid.GetFlag().Value.Type() == "bool" {
		wanted = "true or false"
	}
	return fmt.Errorf("--%s: %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), wanted)
}

// meantFlag asks for the flag of a command that an unknown one was probably meant to be.
func meantFlag(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return meant(spelling.Nearest("--"+unknown.GetSpecifiedName(), names))
}
