package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// configFile is where the configuration is if nobody says.
const configFile = "guardrail.yaml"

// configPath returns the file of --config, else that of GUARDRAIL_CONFIG, else
// guardrail.yaml in the working directory; "" where none is there.
func (o *options) configPath() (string, error) {
	if path := o.getenv(app.EnvConfig); path != "" {
		return path, nil
	}
	switch _, err := os.Stat(configFile); {
	case err == nil:
		return configFile, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	default: // it may be there, and must not be passed over
		return "", err
	}
}

// configuration reads the file that counts, or returns the default configuration where
// there is none.
func (o *options) configuration() (*guardrail.Configuration, error) {
	path, err := o.configPath()
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return guardrail.DefaultConfiguration(), nil
	}
	return config.Load(path)
}

// getenv reads the environment, with the file of --config before the environment's.
func (o *options) getenv(name string) string {
	if name == app.EnvConfig && o.config != "" {
		return o.config
	}
	return os.Getenv(name)
}
