package cli

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

var errNoAccount = errors.New("--account is required: neither the file nor a flag says which account owns the key; or --key-arn")

// keys judges the keys that a file tells of. Of the keys whose account is not known, only the
// first is an error of its own.
func (f *fileChecker) keys(ctx context.Context, file string, found template.File) error {
	for _, k := range found.Keys {
		result, err := f.judged(ctx, file, k)
		if errors.Is(err, errNoAccount) {
			if f.withoutAccount++; f.withoutAccount > 1 {
				continue
			}
		}
		if err := f.add(ctx, file, result, err); err != nil {
			return err
		}
	}
	return nil
}

// judged judges one key of a file.
func (f *fileChecker) judged(ctx context.Context, file string, k template.Key) (judged, error) {
	if k.Problem != nil {
		return judged{}, inResource(k, k.Problem)
	}
	s, err := f.about(k)
	if err != nil {
		return judged{}, err
	}
	result := judged{File: file, Resource: k.Resource, Line: k.Line, Assumed: k.Assumed, policy: k.Policy, lines: k.Lines}
	if reasons := f.unknown(k); reasons != nil {
		result.Outcome = f.unjudged(s, reasons)
		return result, nil
	}
	if err := s.key.Type.ValidateIn(s.key.Partition); err != nil {
		return judged{}, inResource(k, err)
	}
	if k.IsDefault {
		result.policy, result.lines = apiDefault(s.key), []int{k.Line}
		result.Assumed = append(result.Assumed, "the file gives the key no policy, so KMS sets the API default")
	}
	noteMissingFlags(f.note, s, f.configuration, f.now)
	i := f.inspector(nil, place{}, false)
	v := i.File(s.key, s.labels, result.policy)
	v.Snapshot.BypassedLockoutCheck = k.BypassesLockoutCheck
	if result.Outcome, err = outcomeOf(ctx, i, &v); err != nil {
		return judged{}, err
	}
	if result.lines != nil {
		withoutPlaces(result.Findings)
	}
	after := v.Judgement.Live
	if after == nil {
		if after, err = policy.Parse(result.policy); err != nil {
			return judged{}, err
		}
	}
	result.Change = changeOf(s.key, k.Before, after)
	return result, nil
}

// lintPlace is the place in the message of a lint finding.
var lintPlace = regexp.MustCompile(` \(line [0-9]+, column [0-9]+\)`)

// withoutPlaces takes out the places that count in the text which was made of a template, and
// which nobody sees. The line of the statement stays.
func withoutPlaces(findings []guardrail.Finding) {
	for i, f := range findings {
		if strings.HasPrefix(string(f.Code), "lint-") {
			findings[i].Message = lintPlace.ReplaceAllString(f.Message, "")
			if f.Lint != nil {
				placeless := *f.Lint
				placeless.Line, placeless.Column = 0, 0
				findings[i].Lint = &placeless
			}
		}
	}
}

// inResource puts the resource before an error about it. The error keeps its place.
func inResource(k template.Key, err error) error {
	if k.Resource == "" {
		return err
	}
	var broken *template.Error
	if errors.As(err, &broken) {
		return &template.Error{Line: broken.Line, Column: broken.Column, Detail: k.Resource + ": " + broken.Detail}
	}
	return &template.Error{Line: k.Line, Column: 1, Detail: k.Resource + ": " + err.Error()}
}

// about returns the key: what the file says of it, and what the flags say where the file says
// nothing. The error is errNoAccount where neither says the account.
func (f *fileChecker) about(k template.Key) (subject, error) {
	s := f.subject
	if k.Resource != "" {
		s.key.ARN = "" // the flag names one key, of a bare policy
	}
	if arn, err := rules.KeyOf(k.ARN); err == nil {
		s.key.ARN, s.key.Account, s.key.Region, s.key.Partition = arn.ARN, arn.Account, arn.Region, arn.Partition
	}
	if k.Account != "" {
		s.key.Account = k.Account
	}
	if k.Region != "" {
		s.key.Region = k.Region
	}
	if k.Resource != "" && k.ARN == "" && !f.hasPartition {
		s.key.Partition = partitionOf(s.key.Region)
	}
	if s.key.Account == "" {
		return s, errNoAccount
	}
	if k.Resource == "" {
		return s, nil
	}
	s.key.Type = f.typeOf(k)
	s.labels = f.labelsOf(k.Facts)
	return s, nil
}

// typeOf returns the type of a key in a template.
func (f *fileChecker) typeOf(k template.Key) defaultpolicy.KeyType {
	switch {
	case k.TypeKnown:
		return k.Type.WithDefaults()
	case !f.hasSpec:
		return defaultpolicy.KeyType{} // nobody knows it
	}
	t := f.key.Type
	if k.Type.Origin != "" {
		t.Origin = k.Type.Origin
	}
	if k.Type.MultiRegion != "" {
		t.MultiRegion = k.Type.MultiRegion
	}
	return t
}

// labelsOf returns aliases and tags of a key in a template, and those of the flags. What the
// file leaves open stays unknown.
func (f *fileChecker) labelsOf(facts template.Facts) rules.Labels {
	var l rules.Labels
	if facts.Aliases != nil {
		l.Aliases = append(append([]string{}, facts.Aliases...), f.labels.Aliases...)
	}
	if facts.Tags != nil {
		l.Tags = maps.Clone(facts.Tags)
		maps.Copy(l.Tags, f.labels.Tags)
	}
	return l
}

// unknown says why a key cannot be judged before its deployment; nil for one that can be.
func (f *fileChecker) unknown(k template.Key) []string {
	var reasons []string
	if len(k.Unknown) > 0 {
		words := make([]string, len(k.Unknown))
		for i, u := range k.Unknown {
			words[i] = u.String()
		}
		reasons = append(reasons, "only the deployment knows "+strings.Join(words, "; "))
	}
	if k.Resource != "" && !k.TypeKnown && !f.hasSpec {
		reasons = append(reasons, "the file does not have the key's type; --key-spec and --key-usage say it")
	}
	return reasons
}

// unjudged returns the outcome of a key that cannot be judged before its deployment.
func (f *fileChecker) unjudged(s subject, reasons []string) guardrail.Outcome {
	i := f.inspector(nil, place{}, false)
	v := i.File(s.key, s.labels, "")
	v.Snapshot.Evidence = ""
	v.Unjudged(guardrail.CodeUnknownUntilDeployment, strings.Join(reasons, "; "))
	return i.Outcome(v, inspect.Plan{}, guardrail.Reported)
}

// apiDefault returns the policy that KMS sets where nobody gives one.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-Policy
func apiDefault(k rules.Key) string {
	document, err := defaultpolicy.Generate(k.Type, defaultpolicy.Options{Style: defaultpolicy.API, Account: k.Account, Partition: k.Partition})
	if err != nil {
		return "" // the type was checked; an empty policy is malformed
	}
	return document.Text()
}

// changeOf compares the policy before a planned change with the one after it; nil where there
// is no change, or the policy before it is not known.
func changeOf(k rules.Key, before string, after *policy.Document) *access.Result {
	old, err := policy.Parse(before)
	if err != nil || old.Hash(k.Partition) == after.Hash(k.Partition) {
		return nil
	}
	result := access.Compare(k.PolicyKey(), old.Set, after.Set)
	return &result
}
