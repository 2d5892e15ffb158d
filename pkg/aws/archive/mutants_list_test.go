package archive_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants break one rule of the archive each.
var mutants = []mutation.Mutant{
	{Rule: "a ledger is replaced by compare-and-swap", File: "ledger.go", Old: "etag, err := replaceBody(ctx, a.objects, keys+string(key), l, string(version))", Broken: "etag, err := \"etag\", overwriteBody(ctx, a.objects, keys+string(key), l)"},
	{Rule: "a version is compared", File: "objects.go", Old: "\t\t\tin.IfMatch = &etag\n", Broken: "\t\t\t_ = in\n"},
	{Rule: "what is new is made by one", File: "objects.go", Old: "\t\t\tin.IfNoneMatch = aws.String(\"*\")\n", Broken: "\t\t\t_ = in\n"},
	{Rule: "whose bytes are there has succeeded", File: "objects.go", Old: "case bytes.Equal(present, body):", Broken: "case len(body) == 0 && bytes.Equal(present, body):"},
	{Rule: "whose bytes are not there has not", File: "objects.go", Old: "case bytes.Equal(present, body):", Broken: "case len(body) > 0 || bytes.Equal(present, body):"},
	{Rule: "a lost swap is a conflict", File: "ledger.go", Old: "case isLost(err), errors.Is(err, errAbsent):", Broken: "case errors.Is(err, errAbsent):"},
	{Rule: "an hour is replaced by compare-and-swap", File: "ledger.go", Old: "replaceBody(ctx, a.objects, name, hour{next, by}, etag)", Broken: "etag, overwriteBody(ctx, a.objects, name, hour{next, by})"},
	{Rule: "no two counts are alike", File: "ledger.go", Old: "hour{next, by}, etag", Broken: "hour{next, \"\"}, etag"},
	{Rule: "a limit ends the count", File: "ledger.go", Old: "\t\tnext, err := add(present.Hour)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n", Broken: "\t\tnext, _ := add(present.Hour)\n\t\tnext.Total++\n"},
	{Rule: "an hour begins anew", File: "ledger.go", Old: "name := hours + now.UTC().Format(hourLayout)", Broken: "name := hours + now.UTC().Format(\"20060102\")"},
	{Rule: "a ledger is that of its key", File: "ledger.go", Old: "\tif of, err := ledger.KeyOf(l.KeyARN); err != nil || of != key {\n\t\treturn ledger.Ledger{}, \"\", corrupt(", Broken: "\tif false {\n\t\treturn ledger.Ledger{}, \"\", corrupt("},
	{Rule: "a record is that of its key", File: "record.go", Old: "case !ok || of != key:", Broken: "case !ok && of != key && key != \"\":"},
	{Rule: "a record that was planted is none", File: "record.go", Old: "err != nil || of != key || r.Name != name {", Broken: "err != nil || of == \"\" || key == \"\" {"},
	{Rule: "a policy is kept byte for byte", File: "record.go", Old: "case !utf8.ValidString(r.Before.Text) || !utf8.ValidString(r.After.Text):", Broken: "case false:"},
	{Rule: "no text of an event is in a name", File: "record.go", Old: "return hex.EncodeToString(all[:])", Broken: "return text + hex.EncodeToString(all[:0])"},
	{Rule: "bodies are read strictly", File: "body.go", Old: "\tdecoder.DisallowUnknownFields()\n", Broken: ""},
	{Rule: "a body of another kind is corrupt", File: "body.go", Old: "case e.Kind != kindOf(none):", Broken: "case false:"},
	{Rule: "the first use is the first", File: "ledger.go", Old: "firstUse{generation, now.UTC()}, \"\"); !isLost(err)", Broken: "firstUse{generation, now.UTC()}, \"\"); err == nil || isLost(err)"},
	{Rule: "each generation has its own", File: "ledger.go", Old: "name := generations + sum(generation)", Broken: "name := generations + sum(\"\")"},
	{Rule: "a bucket that refuses is not for good", File: "errors.go", Old: "\t\"EntityTooLarge\":             ledger.ErrArchive,\n", Broken: "\t\"EntityTooLarge\":             ledger.ErrArchive,\n\t\"AccessDenied\": ledger.ErrArchive,\n"},
	{Rule: "the bucket's owner is asked for", File: "archive.go", Old: "owner: orNil(options.BucketOwner)", Broken: "owner: nil"},
	{Rule: "one foreign object hides no other", File: "ledger.go", Old: "\t\t\tproblems = errors.Join(problems, corrupt(fmt.Sprintf(\"%q\", object), \"there is no object of such a name\"))\n\t\tdefault:\n\t\t\tnames = append(names, name)", Broken: "\t\t\treturn names, errors.Join(problems, corrupt(fmt.Sprintf(\"%q\", object), \"there is no object of such a name\"))\n\t\tdefault:\n\t\t\tnames = append([]ledger.Name{name}, names...)"},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
