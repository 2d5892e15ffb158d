package guardrail

// Problem is something in a configuration that contradicts itself or names what
// does not exist.
type Problem struct {
	// Place is the path to the value in guardrail.yaml: keys, and positions in lists
	// counted from 0, such as "rules", "0", "baseline". A baseline is named by its key.
	Place []string
	// Detail says what is wrong and what to write, in one line.
	Detail string
}

// Check returns what in the configuration contradicts itself.
func (c *Configuration) Check() []Problem { return nil }
