package lint

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

const contextFamily = "kms:EncryptionContext:"

var contextKeys = catalog.ContextKeys()

// checkContextKeys reports keys of the encryption context that are nearly those of an AWS
// service. Whoever encrypts on his own may choose any, so names count only in the style of
// AWS, aws:service:key, with the service spelled right or its key.
func checkContextKeys(s *statement) {
	for i, c := range s.Conditions {
		switch s.keys[i].Name {
		case contextFamily:
			if nearest := nearestContextKey(c.Key[len(contextFamily):]); nearest != "" {
				s.misspelledContextKey(s.conditionKey(i), contextFamily+nearest)
			}
		case "kms:EncryptionContextKeys":
			for j, value := range c.Values {
				if nearest := nearestContextKey(value); nearest != "" && !s.isVariable(value) {
					s.misspelledContextKey(s.conditionValue(i, j), nearest)
				}
			}
		}
	}
}

func (s *statement) misspelledContextKey(about spot, nearest string) {
	s.report(about, MisspelledContextKey, nearest, "%s is in the encryption context of no AWS service%s", quote(about.value), asOf)
}

// nearestContextKey returns the key of an AWS service that a name is nearly, "" for a name
// that is one.
func nearestContextKey(name string) string {
	if len(name) > longest || isPattern(name) {
		return ""
	}
	parts := strings.Split(strings.ToLower(name), ":")
	nearest := spelling.Nearest(name, contextKeys)
	near := strings.Split(strings.ToLower(nearest), ":")
	if nearest == "" || strings.EqualFold(nearest, name) || len(parts) != len(near) || len(parts) < 3 {
		return ""
	}
	different := 0
	for i := range parts {
		if parts[i] != near[i] {
			different++
		}
	}
	if different != 1 || parts[1] != near[1] && isContextService(parts[1]) {
		return ""
	}
	return nearest
}

// isContextService tells the names of services that have keys of their own.
func isContextService(service string) bool {
	for _, key := range contextKeys {
		if parts := strings.Split(key, ":"); len(parts) > 2 && parts[1] == service {
			return true
		}
	}
	return false
}
