package policy

// span bounds a value in a text.
type span struct{ start, end int }

// member is a member of an object: its name, and where name and value stand.
type member struct {
	name  string
	at    int
	value span
}

// members reads the object that starts here.
func (s *scanner) members() ([]member, *Error) {
	if err := s.open('{', "the element", "an object"); err != nil {
		return nil, err
	}
	var list []member
	for first := true; ; {
		more, err := s.next('}', &first)
		if err != nil || !more {
			return list, err
		}
		name, at, err := s.name()
		if err != nil {
			return nil, err
		}
		value, err := s.skip()
		if err != nil {
			return nil, err
		}
		list = append(list, member{name, at, value})
	}
}

// skip moves behind the JSON value that starts here and returns where it stands.
func (s *scanner) skip() (span, *Error) {
	s.peek()
	start := s.pos
	for depth := 0; ; {
		switch c := s.peek(); c {
		case '{', '[':
			depth++
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		case ',', ':':
			s.pos++
		case '"':
			if _, err := s.str("a value"); err != nil {
				return span{}, err
			}
		default:
			if _, err := s.literal("a value", "a JSON value"); err != nil {
				return span{}, err
			}
		}
		if depth == 0 {
			return span{start, s.pos}, nil
		}
	}
}

// listed returns where the values of a list stand.
func (s *scanner) listed(at span) ([]span, *Error) {
	s.pos = at.start + 1
	var spans []span
	for first := true; ; {
		more, err := s.next(']', &first)
		if err != nil || !more {
			return spans, err
		}
		value, err := s.skip()
		if err != nil {
			return nil, err
		}
		spans = append(spans, value)
	}
}
