package access_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain gives the random tests the same seed every time, so that a change is
// accepted or refused for its own sake. RANDOM_SEED=1, as in `make fuzz`, or
// -rapid.seed looks elsewhere; a failure prints the seed.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" && os.Getenv("RANDOM_SEED") == "" {
		if err := seed.Value.Set("20261123"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
