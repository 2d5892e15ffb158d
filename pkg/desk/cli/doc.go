// Package cli is the command line of kmsguard. [Run] takes the words after the command's
// name and returns the exit code.
//
// Each command has two parts. Its flags are declared in a file NAME_command.go, which alone
// imports cobra. What it does is a plain function in NAME.go, which takes a context and the
// options, and whose error carries the exit code.
package cli
