package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
)

// fileChecker judges the keys in files.
type fileChecker struct {
	checker
	description
	noted          map[string]bool     // notes that were written
	assemblies     map[string]assembly // by folder
	withoutAccount int                 // keys of which no account is known
}

// description is what the flags say of the keys in files.
type description struct {
	subject
	// hasSpec and hasPartition say that the flags give them.
	hasSpec, hasPartition bool
	parameters            map[string]string
}

// checkFiles judges the policies in files and folders, each as if it were the policy of the key
// that the file and the flags tell of.
func checkFiles(ctx context.Context, c checker, d description, names []string) error {
	f := &fileChecker{checker: c, description: d, noted: map[string]bool{}, assemblies: map[string]assembly{}}
	if err := f.begin(); err != nil {
		return err
	}
	for _, name := range names {
		if err := f.named(ctx, name); err != nil {
			return err
		}
	}
	if f.withoutAccount > 1 {
		f.note("kmsguard: further keys of which no account is known: %d", f.withoutAccount-1)
	}
	return f.end()
}

// named judges what a name of the command line stands for: a file, a folder or a pattern. A
// file that is there counts before a pattern.
func (f *fileChecker) named(ctx context.Context, name string) error {
	info, err := os.Stat(name)
	switch {
	case name == standardInput:
	case err == nil && info.IsDir():
		return f.folder(ctx, name)
	case err != nil && strings.ContainsAny(name, "*?["):
		return f.pattern(ctx, name)
	}
	text, err := readUpTo(template.MaxBytes, name, f.streams.in)
	if err != nil {
		return f.add(ctx, name, judged{}, err)
	}
	keys, err := template.Read(text, f.placeOf(name))
	if err != nil {
		return f.add(ctx, name, judged{}, err)
	}
	if len(keys.Keys) == 0 {
		f.note("note: %s is a %s without KMS keys", nameOf(name), keys.Kind)
	}
	return f.keys(ctx, name, keys)
}

// note writes a note once.
func (f *fileChecker) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !f.noted[text] {
		f.noted[text] = true
		f.streams.note("%s", text)
	}
}

// pattern judges the files that a pattern matches.
func (f *fileChecker) pattern(ctx context.Context, name string) error {
	if strings.Contains(name, "**") {
		return f.add(ctx, name, judged{}, errors.New("** is not supported; name the folder, and everything in it is looked at"))
	}
	matches, err := filepath.Glob(name)
	switch {
	case err != nil:
		return f.add(ctx, name, judged{}, err)
	case len(matches) == 0:
		return f.add(ctx, name, judged{}, errors.New("no file matches"))
	}
	for _, match := range matches {
		if err := f.named(ctx, match); err != nil {
			return err
		}
	}
	return nil
}

// notWalked are folders with copies of other people's files.
var notWalked = []string{".git", "node_modules", ".terraform"}

// walk is one look at all files of a folder.
type walk struct {
	isKnown     bool   // one of them is a policy or template
	skipped     int    // those that are none
	explanation string // of the first of these that is worth a sentence
}

// folder judges the policies and templates in a folder and all folders in it. Files that are
// none are counted.
func (f *fileChecker) folder(ctx context.Context, root string) error {
	var w walk
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		path = filepath.Clean(path)
		switch {
		case err != nil:
			return f.add(ctx, path, judged{}, bare(err))
		case d.IsDir() && slices.Contains(notWalked, d.Name()):
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		return f.found(ctx, &w, path)
	})
	switch {
	case err != nil:
		return err
	case !w.isKnown:
		return f.add(ctx, root, judged{}, errors.New("nothing in it is a key policy, a CloudFormation template, or a Terraform plan or state in JSON"+w.explanation))
	case w.skipped > 0:
		f.note("note: %s: files that are no policy and no template were skipped: %d", nameOf(root), w.skipped)
	}
	return nil
}

// found judges a file that a walk came to.
func (f *fileChecker) found(ctx context.Context, w *walk, path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a link to a folder, a pipe
		w.skipped++
		return nil
	}
	start, err := startOf(path)
	if bytes.IndexByte(start, 0) >= 0 { // no text has it
		w.skipped++
		return nil
	}
	var text []byte
	if err == nil {
		text, err = readUpTo(template.MaxBytes, path, nil)
	}
	switch {
	case errors.Is(err, errLongerThan) && !bytes.HasPrefix(bytes.TrimSpace(start), []byte("{")): // only plans and states are long
		w.skipped++
		return nil
	case err != nil:
		return f.add(ctx, path, judged{}, err)
	}
	keys, err := template.Read(text, f.placeOf(path))
	var other *template.Unrecognised
	switch {
	case errors.As(err, &other):
		if w.skipped++; other.IsNear && w.explanation == "" && len(text) > 0 {
			w.explanation = fmt.Sprintf("; %s is %s", path, other.What)
		}
		return nil
	case err != nil:
		w.isKnown = true // it was meant to be
		return f.add(ctx, path, judged{}, err)
	}
	w.isKnown = true
	return f.keys(ctx, path, keys)
}

// startOf returns the first bytes of a file.
func startOf(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	start := make([]byte, 512)
	n, _ := file.Read(start) // an error comes again when the file is read
	return start[:n], nil
}
