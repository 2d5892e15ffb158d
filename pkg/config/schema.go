package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// schemaID is where the schema of the latest version is.
const schemaID = "https://raw.githubusercontent.com/kms-guardrail/kms-guardrail/main/docs/guardrail.schema.json"

// Schema returns the JSON Schema of guardrail.yaml, for editors. It is draft 7, which
// more of them know than the later ones. Whatever [Read] accepts, it accepts; but it
// says nothing of names that must be unique or must exist, placeholders, or duplicates.
func Schema() []byte {
	deployment := DefaultDeployment()
	s := file(defaults(), &deployment).schema().with(schema{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"$id":     schemaID,
		"title":   "guardrail.yaml: what kms-guardrail enforces",
	})
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		panic(fmt.Sprintf("config: a schema that is no JSON: %v", err)) // it has no type that could not be
	}
	return b.Bytes()
}

func objectSchema(fields []field) schema {
	properties, required := schema{}, []string{}
	for _, f := range fields {
		s := f.schema().with(schema{"description": f.doc})
		if f.preset != nil && !f.required {
			s["default"] = f.preset
		}
		properties[f.key] = s
		if f.required {
			required = append(required, f.key)
		}
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

// statementSchema is that of a policy statement with more keys.
func statementSchema(more schema) schema {
	one := schema{"type": plainTypes}
	several := schema{"anyOf": []schema{one, {"type": "array", "items": one}}}
	principal := schema{"anyOf": []schema{
		{"const": "*"},
		{
			"type": "object", "additionalProperties": false,
			"properties": schema{"AWS": several, "Service": several, "Federated": several, "CanonicalUser": several},
		},
	}}
	conditions := schema{"type": "object", "additionalProperties": schema{"type": "object", "additionalProperties": several}}
	properties := schema{
		"Sid": one, "Effect": schema{"enum": []string{"Allow", "Deny"}},
		"Principal": principal, "NotPrincipal": principal,
		"Action": several, "NotAction": several, "Resource": several, "NotResource": several,
		"Condition": conditions,
	}
	maps.Copy(properties, more)
	return schema{"type": "object", "additionalProperties": false, "properties": properties, "required": []string{"Effect"}}
}
