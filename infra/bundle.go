package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// environmentFile has the names of the environment variables that the function requires. It
// lies beside the function's binary; package app reads it.
const environmentFile = "environment.json"

// stageBundle makes the function's code in a folder of its own: what `make build` made,
// and the configuration beside the binary, where the function looks for it. The folder is
// emptied first, so that the same binary and configuration are always the same asset, and
// a configuration of an earlier synthesis does not stay.
//
// required are the names of the environment variables that the deployment sets. They go into
// a file beside the binary, and the function does not start while one of them is missing: who
// changes the environment by hand replaces all of its variables.
//
// A configuration that already lies beside the binary is an error: the deployment would
// run by it, with the permissions of another.
func stageBundle(folder, functionAsset string, configuration []byte, required []string) error {
	if _, err := os.Stat(filepath.Join(functionAsset, "bootstrap")); err != nil {
		return fmt.Errorf("the function's code is not there (%w): run `make build` first, or `make synth`, which does", err)
	}
	if stray := filepath.Join(functionAsset, configurationFile); exists(stray) {
		return fmt.Errorf("%s lies beside the function's binary: move it away, and name it with %sconfig", stray, contextPrefix)
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("emptying the bundle: %w", err)
	}
	if err := os.CopyFS(folder, os.DirFS(functionAsset)); err != nil {
		return fmt.Errorf("copying the function's code: %w", err)
	}
	names, err := json.Marshal(required)
	if err != nil {
		return fmt.Errorf("listing the environment: %w", err)
	}
	if err := write(filepath.Join(folder, environmentFile), append(names, '\n')); err != nil {
		return err
	}
	if configuration == nil {
		return nil
	}
	return write(filepath.Join(folder, configurationFile), configuration)
}

// write writes a file of the bundle. Lambda reads it as another user.
func write(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // see above
		return fmt.Errorf("writing a file of the bundle: %w", err)
	}
	return nil
}

// exists tells whether something is there, be it out of reach.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !os.IsNotExist(err)
}
