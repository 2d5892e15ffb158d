package policy

// conditions reads a Condition element: operator, key, values.
func (p *parser) conditions() ([]Condition, *Error) {
	if err := p.open('{', "Condition", "an object"); err != nil {
		return nil, err
	}
	var list []Condition
	var operators []string
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil || !more {
			return list, err
		}
		name, at, err := p.uniqueName(operators)
		if err != nil {
			return nil, err
		}
		operators = append(operators, name)
		operator, problem := ParseOperator(name)
		if problem != nil {
			return nil, p.placed(problem, at)
		}
		if list, err = p.operatorBlock(operator, list); err != nil {
			return nil, err
		}
	}
}

// operatorBlock reads the keys under one operator and appends a condition each.
func (p *parser) operatorBlock(operator Operator, list []Condition) ([]Condition, *Error) {
	if err := p.open('{', "a condition operator", "an object of condition keys"); err != nil {
		return nil, err
	}
	var keys []string
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil || !more {
			return list, err
		}
		key, _, err := p.uniqueName(keys)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		values, err := p.conditionValues(operator)
		if err != nil {
			return nil, err
		}
		list = append(list, Condition{Operator: operator, Key: key, Values: values})
	}
}

// uniqueName reads a member's name and refuses one that is already in names.
func (p *parser) uniqueName(names []string) (string, int, *Error) {
	name, at, err := p.name()
	if err != nil {
		return "", at, err
	}
	for _, other := range names {
		if other == name {
			return "", at, p.fail(DuplicateKey, at, quoted(name)+" stands here twice")
		}
	}
	return name, at, nil
}

// conditionValues reads one value or a list; JSON true and 3 count as "true" and "3".
func (p *parser) conditionValues(operator Operator) ([]string, *Error) {
	const expected = "a string, number, true, false or a list of those"
	start := len(p.values)
	if p.peek() != '[' {
		one, err := p.conditionValue(operator, expected)
		p.values = append(p.values, one)
		return p.valuesFrom(start), err
	}
	p.pos++
	for first := true; ; {
		more, err := p.next(']', &first)
		if err != nil || !more {
			return p.valuesFrom(start), err
		}
		one, err := p.conditionValue(operator, expected)
		if err != nil {
			return nil, err
		}
		p.values = append(p.values, one)
	}
}

func (p *parser) conditionValue(operator Operator, expected string) (value string, err *Error) {
	at := p.pos
	if p.peek() == '"' {
		at = p.pos
		value, err = p.str("a condition value")
	} else {
		value, err = p.literal("a condition value", expected)
	}
	if err != nil {
		return "", err
	}
	if problem := operator.CheckValue(value); problem != nil {
		return "", p.placed(problem, at)
	}
	return value, nil
}

// placed gives an error about a value alone the place of that value.
func (p *parser) placed(problem *Error, at int) *Error {
	return p.fail(problem.Code, at, problem.Detail)
}
