package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// validate reads a configuration and writes what it says, or all of its problems.
func validate(o *options, args []string) error {
	file, err := o.fileToValidate(args)
	if err != nil {
		return err
	}
	c, err := readConfiguration(file, o.streams.in)
	var problems *config.Errors
	switch {
	case err != nil && (o.output == textOutput || !errors.As(err, &problems)):
		return err
	case err != nil:
		return o.answer(exitError, invalid(file, problems), nil)
	}
	v := validated(file, c, time.Now())
	return o.answer(exitFine, v, func(w io.Writer) error {
		for _, warning := range v.Warnings {
			o.streams.note("kmsguard: warning: %s", warning)
		}
		return v.print(w)
	})
}

// fileToValidate returns the file that the command line names, or the one that counts anyway.
func (o *options) fileToValidate(args []string) (string, error) {
	switch {
	case len(args) > 1:
		return "", misuse("expected one file, got %d", len(args))
	case len(args) == 1 && o.config != "" && o.config != args[0]:
		return "", misuse("two files to check: %s and --config %s", args[0], o.config)
	case len(args) == 1:
		return args[0], nil
	}
	file, err := o.configPath()
	if err == nil && file == "" {
		err = misuse("there is no %s in the working directory or above it; name a file", configFile)
	}
	return file, err
}

func readConfiguration(file string, in io.Reader) (*rules.Configuration, error) {
	if file != standardInput {
		return config.LoadDated(file, time.Now())
	}
	text, err := readFile(file, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOf(file), err)
	}
	c, _, err := config.ReadDeployment(nameOf(file), text, time.Now())
	return c, err
}

// validation is what is said of a file. Its JSON form is public.
type validation struct {
	File  string `json:"file"`
	Valid bool   `json:"valid"`
	// Problems are empty where the file is valid; MoreProblems counts those not listed.
	Problems     []config.Problem `json:"problems"`
	MoreProblems int              `json:"moreProblems"`
	// What follows is empty where the file is not valid.
	ConfigurationHash string      `json:"configurationHash"`
	Mode              rules.Mode  `json:"mode"`
	Default           string      `json:"default"`
	Baselines         []string    `json:"baselines"`
	Rules             []namedRule `json:"rules"`
	Exemptions        []expiry    `json:"exemptions"`
	Warnings          []string    `json:"warnings"`
}

// namedRule is a rule with the baseline and the mode that its keys have in the end.
type namedRule struct {
	Name     string     `json:"name"`
	Baseline string     `json:"baseline"`
	Mode     rules.Mode `json:"mode"`
}

type expiry struct {
	Name    string `json:"name"`
	Owner   string `json:"owner"`
	LastDay string `json:"lastDay"`
	Expired bool   `json:"expired"`
}

// newValidation has empty lists, which scripts need not tell from missing ones.
func newValidation(file string) validation {
	return validation{
		File: nameOf(file), Problems: []config.Problem{}, Baselines: []string{},
		Rules: []namedRule{}, Exemptions: []expiry{}, Warnings: []string{},
	}
}

func invalid(file string, e *config.Errors) validation {
	v := newValidation(file)
	v.Problems, v.MoreProblems = e.Problems, e.More
	return v
}

// validated says what a configuration has, at a moment.
func validated(file string, c *rules.Configuration, now time.Time) validation {
	v := newValidation(file)
	v.Valid, v.ConfigurationHash, v.Mode, v.Default = true, c.Hash(), c.Mode, c.Default
	for _, b := range c.Baselines {
		v.Baselines = append(v.Baselines, b.Name)
	}
	for _, r := range c.Rules {
		v.Rules = append(v.Rules, namedRule{r.Name, either(r.Baseline, c.Default), either(r.Mode, c.Mode)})
	}
	for _, e := range c.Exemptions {
		x := expiry{e.Name, e.Owner, e.LastDay(), !now.Before(e.Expires)}
		v.Exemptions = append(v.Exemptions, x)
		if x.Expired {
			v.Warnings = append(v.Warnings, fmt.Sprintf("the exemption %q of %s expired at the end of %s (UTC) and has no effect", x.Name, x.Owner, x.LastDay))
		}
		if len(e.Match.Tags) > 0 && !c.AllowTagExemptions {
			v.Warnings = append(v.Warnings, fmt.Sprintf("the exemption %q matches by tag and has no effect, because allowTagExemptions is not true", x.Name))
		}
	}
	return v
}

// either returns the first that is not empty.
func either[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}

func (v validation) print(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(report.Printable(fmt.Sprintf(format, args...)) + "\n")
	}
	line("%s is valid: mode %s, hash %s", v.File, v.Mode, v.ConfigurationHash)
	line("baselines: %s (default: %s)", strings.Join(v.Baselines, ", "), v.Default)
	for _, r := range v.Rules {
		line("rule %s: baseline %s, mode %s", r.Name, r.Baseline, r.Mode)
	}
	for _, e := range v.Exemptions {
		state := "to the end of"
		if e.Expired {
			state = "EXPIRED at the end of"
		}
		line("exemption %s: %s, %s %s (UTC)", e.Name, e.Owner, state, e.LastDay)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
