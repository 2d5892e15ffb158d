// Command kmsguard is the guardrail's engine at a desk: it judges policy files and
// live keys against guardrail.yaml, prints the default policy that AWS generates for a
// key type, compares policy files by what they allow, and runs the real handler on
// event files.
//
// "kmsguard help" lists the commands, each with an example, and the exit codes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
