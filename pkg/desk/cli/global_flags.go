package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// readsConfiguration are the annotations of a command that reads guardrail.yaml. The
// others refuse --config, which would change nothing.
var readsConfiguration = map[string]string{"reads": configFile}

// regionForm is that of every Region, such as us-east-1, us-gov-west-1 or eusc-de-east-1.
// https://docs.aws.amazon.com/general/latest/gr/kms.html
var regionForm = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$`)

// checkGlobal refuses global flags that a command would ignore, or that cannot be.
func (o *options) checkGlobal(cmd *cobra.Command, _ []string) error {
	switch {
	case cmd.Flags().Changed("config") && !cmd.HasSubCommands() && cmd.Annotations["reads"] == "":
		return misuse(cmd, "--config says nothing to %s, which reads no configuration; %s do", cmd.CommandPath(), strings.Join(configured(cmd.Root()), ", "))
	case o.aws.region != "" && !regionForm.MatchString(o.aws.region):
		return misuse(cmd, "--region: %q is not a Region, such as us-east-1", o.aws.region)
	}
	return nil
}

// configured returns the paths of the commands below one that read guardrail.yaml.
func configured(cmd *cobra.Command) []string {
	var paths []string
	if cmd.Annotations["reads"] != "" {
		paths = append(paths, strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
	}
	for _, child := range cmd.Commands() {
		paths = append(paths, configured(child)...)
	}
	return paths
}

// flagProblem words the error of a number or truth value as people say it.
func flagProblem(err error) error {
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
