package evaluation

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// symbol is one element of a pattern: a character that stands for itself or, if wild, *
// for any characters, none among them, or ? for exactly one.
//
// Assumption: a character is a Unicode code point.
type symbol struct {
	char rune
	wild bool
}

// pattern reads text in which * and ? are wildcards.
func pattern(text string) []symbol {
	var list []symbol
	for _, char := range text {
		list = append(list, symbol{char: char, wild: char == '*' || char == '?'})
	}
	return list
}

// literal reads text in which every character stands for itself.
func literal(text string) []symbol {
	var list []symbol
	for _, char := range text {
		list = append(list, symbol{char: char})
	}
	return list
}

// textOf returns the characters of symbols, wild or not.
func textOf(list []symbol) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteRune(s.char)
	}
	return b.String()
}

// matches tells whether a pattern matches the whole of a text. It is written apart from
// policy.IsLike on purpose: the evaluator confirms what access and lint find with that one.
//
// The stars cut the pattern into pieces. The first piece stands at the start of the text,
// the last one at its end, and those between stand in order: each may be taken where it
// is found first, because that leaves the most for the next. So the time is bounded by
// the product of the two lengths.
func matches(p []symbol, text string) bool {
	chars := []rune(text)
	pieces := piecesOf(p)
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(pieces) == 1 {
		return len(chars) == len(first) && startsWith(chars, first)
	}
	if !startsWith(chars, first) {
		return false
	}
	chars = chars[len(first):]
	for _, piece := range pieces[1 : len(pieces)-1] {
		for !startsWith(chars, piece) {
			if len(chars) == 0 {
				return false
			}
			chars = chars[1:]
		}
		chars = chars[len(piece):]
	}
	return len(chars) >= len(last) && startsWith(chars[len(chars)-len(last):], last)
}

// piecesOf cuts a pattern at its stars. There is one piece more than stars; it may be empty.
func piecesOf(p []symbol) [][]symbol {
	pieces := [][]symbol{nil}
	for _, s := range p {
		last := len(pieces) - 1
		if s.wild && s.char == '*' {
			pieces = append(pieces, nil)
		} else {
			pieces[last] = append(pieces[last], s)
		}
	}
	return pieces
}

// startsWith tells whether a text starts with a piece of a pattern, in which ? is any one
// character.
func startsWith(chars []rune, piece []symbol) bool {
	if len(chars) < len(piece) {
		return false
	}
	for i, s := range piece {
		if !s.wild && s.char != chars[i] {
			return false
		}
	}
	return true
}

// folded returns a text such that two texts fold to the same if they differ in case only.
//
// Assumption: by Unicode's simple case folding, one character for one; AWS says only
// that case does not matter.
func folded(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.Map(foldedRune, text)
		}
	}
	if known, ok := foldedNames[text]; ok {
		return known
	}
	return strings.ToUpper(text) // what foldedRune does to ASCII, sooner
}

// foldedNames has the names that every request is asked about: what the principal or the
// key determines.
var foldedNames = map[string]string{
	"aws:PrincipalAccount":       "AWS:PRINCIPALACCOUNT",
	"aws:PrincipalArn":           "AWS:PRINCIPALARN",
	"aws:PrincipalIsAWSService":  "AWS:PRINCIPALISAWSSERVICE",
	"aws:PrincipalServiceName":   "AWS:PRINCIPALSERVICENAME",
	"aws:PrincipalType":          "AWS:PRINCIPALTYPE",
	"aws:RequestedRegion":        "AWS:REQUESTEDREGION",
	"aws:ResourceAccount":        "AWS:RESOURCEACCOUNT",
	"aws:username":               "AWS:USERNAME",
	"kms:CallerAccount":          "KMS:CALLERACCOUNT",
	"kms:CustomerMasterKeySpec":  "KMS:CUSTOMERMASTERKEYSPEC",
	"kms:CustomerMasterKeyUsage": "KMS:CUSTOMERMASTERKEYUSAGE",
	"kms:KeyOrigin":              "KMS:KEYORIGIN",
	"kms:KeySpec":                "KMS:KEYSPEC",
	"kms:KeyUsage":               "KMS:KEYUSAGE",
	"kms:MultiRegion":            "KMS:MULTIREGION",
}

func foldedRune(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}
