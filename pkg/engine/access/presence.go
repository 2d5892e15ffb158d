package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// callerKind says who makes the requests of a subject, as far as it decides which
// condition keys they carry.
type callerKind uint8

const (
	serviceCaller callerKind = iota
	identityCaller
	namedRoleCaller // a role that a policy names, or a session of one
	callerKinds     // how many there are
)

func (s *subject) caller() callerKind {
	isRole := s.kind == evaluation.RolePrincipal || s.kind == evaluation.SessionPrincipal
	switch {
	case s.kind == evaluation.ServicePrincipal:
		return serviceCaller
	case isRole && (s.group == named || s.group == otherSession):
		return namedRoleCaller
	default:
		return identityCaller
	}
}

// presences says of a key, for each kind of caller, whether its requests carry the key.
type presences [callerKinds]catalog.Presence

// presence says whether the requests of a kind of caller carry a key. name is a keyID.
func (r *reader) presence(name string, caller callerKind) catalog.Presence {
	list, known := r.presences[name]
	if !known {
		row := catalog.AvailabilityOf(name)
		list = presences{serviceCaller: row.ByService, identityCaller: row.OfIdentity(), namedRoleCaller: row.OfNamedRole()}
		if r.presences == nil {
			r.presences = map[string]presences{}
		}
		r.presences[name] = list
	}
	return list[caller]
}

// neverAbsent tells whether each request that is free to give a key a value carries it.
func (r *reader) neverAbsent(name string) bool {
	for caller := range callerKinds {
		if r.presence(name, caller) == catalog.Free {
			return false
		}
	}
	return true
}

// dependsOnCaller tells whether a condition on a key means something else by who calls.
func (r *reader) dependsOnCaller(name string) bool {
	for caller := range callerKinds {
		if p := r.presence(name, caller); p == catalog.Never || p == catalog.Foreign {
			return true
		}
	}
	return false
}

// foreignValue stands for a value that nobody outside AWS writes into a policy: only a
// pattern for everything matches it.
const foreignValue = "\x00"

// onAbsent decides a condition on a key that no request of the caller carries.
func (r *reader) onAbsent(c *condition, from origin) []box.Box {
	switch c.onSingle(false, false) {
	case isTrue:
		return always
	case isFalse:
		return never
	default:
		return []box.Box{r.restrictOpaque(nil, from, c.doubtAbout(c.id()))}
	}
}

// onForeign decides a condition on a key that a service's requests lack, or carry with a
// foreign value. Which of the two is one question for each key: where the condition holds
// in one case only, it holds where the question is answered so.
func (r *reader) onForeign(c *condition, from origin) []box.Box {
	lacking, carrying := c.onSingle(false, false), c.onSingle(true, c.asked.Holds(foreignValue))
	if len(c.unknown) > 0 && c.operator.Family != policy.NullFamily {
		carrying = isUnknown
	}
	carried := doubt{"conditions", "carried " + keyID(c.key), "whether a request of an AWS service carries " + c.key + " is not documented"}
	switch {
	case lacking == isUnknown || carrying == isUnknown:
		return []box.Box{r.restrictOpaque(nil, from, c.doubtAbout(c.id()))}
	case lacking == isTrue && carrying == isTrue:
		return always
	case lacking == isTrue:
		return []box.Box{r.excludeOpaque(nil, from, carried)}
	case carrying == isTrue:
		return []box.Box{r.restrictOpaque(nil, from, carried)}
	default:
		return never
	}
}

// askConstant notes that a condition asks for a key, or a variable names it.
func (r *reader) askConstant(name string) {
	_, constant := r.constant(keyID(name))
	if constant && !slices.ContainsFunc(r.askedConstants, func(asked string) bool { return keyID(asked) == keyID(name) }) {
		r.askedConstants = append(r.askedConstants, name)
	}
}

// completeContext adds the condition keys that some condition asks for and that each
// request of a kind of caller carries.
func (r *reader) completeContext(context map[string]any, caller callerKind) {
	for _, k := range r.keyOrder {
		name := keyID(k.name)
		if _, there := context[k.name]; there || r.presence(name, caller) != catalog.Always {
			continue
		}
		for _, c := range k.classes {
			if !c.Doubtful {
				context[k.name] = c.Sample
				break
			}
		}
	}
	for _, name := range r.askedConstants {
		if keyID(name) != "aws:resourceaccount" {
			context[name], _ = r.constant(keyID(name))
		}
	}
}
