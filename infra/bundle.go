package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// stageBundle makes the function's code in a folder of its own: what `make build` made,
// and the configuration beside the binary, where the function looks for it. The folder is
// emptied first, so that the same binary and configuration are always the same asset, and
// a configuration of an earlier synthesis does not stay.
//
// A configuration that already lies beside the binary is an error: the deployment would
// run by it, with the permissions of another.
func stageBundle(folder, functionAsset string, configuration []byte) error {
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
	if configuration == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(folder, configurationFile), configuration, 0o644); err != nil { //nolint:gosec // Lambda reads it as another user
		return fmt.Errorf("copying the configuration: %w", err)
	}
	return nil
}

// exists tells whether something is there, be it out of reach.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !os.IsNotExist(err)
}
