// Package cli is the command line of kmsguard. [Run] takes the words after the command's
// name and returns the exit code; there is one file, or one prefix of files, a command.
package cli
