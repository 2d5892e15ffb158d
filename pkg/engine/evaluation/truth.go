package evaluation

// truth is what is known about a rule for the request at hand: it holds, it does
// not, or it is open because AWS documents no one reading.
type truth struct {
	state state
	why   []Reason // of an open one
}

type state uint8

const (
	no state = iota
	yes
	open
)

// is returns the truth of what is known for sure.
func is(holds bool) truth {
	if holds {
		return truth{state: yes}
	}
	return truth{state: no}
}

// unclear returns the truth of what has no one reading. The statement of the reason
// is filled in by whoever knows it.
func unclear(code ReasonCode, detail string) truth {
	return truth{state: open, why: []Reason{{Code: code, Detail: detail}}}
}

// not is the negation; what is open stays open.
func not(t truth) truth {
	switch t.state {
	case no:
		return is(true)
	case yes:
		return is(false)
	default:
		return t
	}
}

// all is true if every one is, false if one is false, else open. All of nothing is true.
func all(list ...truth) truth {
	result := is(true)
	for _, t := range list {
		switch t.state {
		case no:
			return t
		case open:
			result.state = open
			result.why = append(result.why, t.why...)
		case yes:
		}
	}
	return result
}

// anyOf is true if one is, false if every one is false, else open. Any of nothing is false.
func anyOf(list ...truth) truth {
	result := is(false)
	for _, t := range list {
		switch t.state {
		case yes:
			return t
		case open:
			result.state = open
			result.why = append(result.why, t.why...)
		case no:
		}
	}
	return result
}
