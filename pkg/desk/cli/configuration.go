package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// configFile is the name of the configuration, where no other is named.
const configFile = "guardrail.yaml"

// configFiles are the names that a configuration in the working directory or above it has.
var configFiles = []string{configFile, "guardrail.yml"}

// configManual says which configuration a command judges by.
const configManual = `guardrail.yaml is the file of --config, else that of ` + app.EnvConfig + ` in the
environment, else guardrail.yaml or guardrail.yml in the working directory or the
nearest folder above it, up to the root of the repository. Without one, --default-config
judges by the built-in default. The first line on standard error says which it is.`

// used says which configuration a command judged by. Its JSON form is public.
type used struct {
	// File is "" for the built-in default.
	File string `json:"file"`
	Hash string `json:"hash"`
}

// String names the file and the first digits of the hash.
func (u used) String() string {
	file := u.File
	if file == "" {
		file = "the built-in default"
	}
	return fmt.Sprintf("%s (hash %.12s)", file, u.Hash)
}

// configuration returns the configuration that a command judges by, with the name of its
// file, "" for the built-in default. The built-in default has to be asked for: in a pipeline
// that runs in the wrong folder it would accept what the team's configuration refuses.
func (o *options) configuration() (*rules.Configuration, string, error) {
	switch {
	case o.defaultConfig && o.config != "":
		return nil, "", misuse("--config names a configuration, and --default-config asks for the built-in one; give one of them")
	case o.defaultConfig:
		return rules.DefaultConfiguration(), "", nil
	}
	file, err := o.configPath()
	switch {
	case err != nil:
		return nil, "", err
	case file == "":
		return nil, "", misuse("there is no %s in the working directory or above it; name one with --config or %s, or judge by the built-in default with --default-config", configFile, app.EnvConfig)
	}
	c, err := config.Load(file)
	return c, file, err
}

// use says on standard error which configuration a command judges by.
func (o *options) use(c *rules.Configuration, file string) used {
	u := used{file, c.Hash()}
	o.streams.note("configuration: %s", u)
	return u
}

// configPath returns the file of --config, else that of the environment, else the nearest one
// in or above the working directory; "" where there is none.
func (o *options) configPath() (string, error) {
	if o.config != "" {
		return o.config, nil
	}
	if file := os.Getenv(app.EnvConfig); file != "" {
		return file, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", configFile, err)
	}
	return nearestConfig(folder)
}

// nearestConfig returns the configuration in a folder or in the nearest one above it. The
// search ends at the root of a repository, which has .git in it. Two configurations in one
// folder are an error: one of them would be read, and the other edited.
func nearestConfig(start string) (string, error) {
	for folder := start; ; folder = filepath.Dir(folder) {
		var found []string
		for _, name := range configFiles {
			switch there, err := isThere(filepath.Join(folder, name)); {
			case err != nil:
				return "", err
			case there:
				found = append(found, name)
			}
		}
		switch {
		case len(found) > 1:
			return "", fmt.Errorf("%s has both %s and %s; remove one, or name one with --config", folder, found[0], found[1])
		case len(found) == 1 && folder == start:
			return found[0], nil
		case len(found) == 1:
			return filepath.Join(folder, found[0]), nil
		}
		isRoot, err := isThere(filepath.Join(folder, ".git"))
		if err != nil || isRoot || folder == filepath.Dir(folder) {
			return "", err
		}
	}
}

// isThere tells whether a file exists. A file that may exist is an error: it must not be
// passed over.
func isThere(path string) (bool, error) {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("looking for %s: %w", configFile, err)
	}
}
