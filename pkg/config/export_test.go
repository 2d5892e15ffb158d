package config

// For the tests outside of the package.
const (
	MaxBytes    = maxBytes
	MaxProblems = maxProblems
	SchemaID    = schemaID
)
