package evaluation

import (
	"strings"
	"testing"
)

func TestFoldedNamesAreWhatFoldingMakes(t *testing.T) {
	for name, folded := range foldedNames {
		if strings.Map(foldedRune, name) != folded {
			t.Errorf("%s folds to %s", name, strings.Map(foldedRune, name))
		}
	}
}
