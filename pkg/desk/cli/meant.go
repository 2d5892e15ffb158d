package cli

import (
	"errors"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// oneOf returns the value that a text names, in whatever case it is written. An error names the
// values that there are, and the one that was probably meant.
func oneOf[T ~string](text string, values []T) (T, error) {
	names := make([]string, len(values))
	for i, v := range values {
		if names[i] = string(v); strings.EqualFold(text, names[i]) {
			return v, nil
		}
	}
	return "", errors.New("must be " + wordsOf(values) + meant(spelling.Nearest(text, names)))
}

// meant asks for the name that was probably meant; it asks nothing where there is none.
func meant(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// wordsOf lists values as people do.
func wordsOf[T ~string](values []T) string {
	words := ""
	for i, v := range values {
		switch i {
		case 0:
		case len(values) - 1:
			words += " or "
		default:
			words += ", "
		}
		words += string(v)
	}
	return words
}
