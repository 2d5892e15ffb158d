package defaultpolicy

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// Variant is one document that counts as a key's default policy.
type Variant struct {
	// Edition is the latest edition with this document; "" for the API default.
	Edition Edition
	// Grants tells whether the form has the grants statement for users.
	Grants bool
	// Rotation tells whether the form lets administrators rotate on demand.
	Rotation bool
	Document *policy.Document
}

// Variants returns every document that counts as the default policy of a key:
// each edition that a key of the type can have, and both forms of what AWS does
// not document. Options narrow that: an Edition, or a Choice other than
// ByEvidence. All variants have the administrators, the users and the
// NoAdministratorDelete of Options.
//
// The first is the document that Generate returns; then they go back in time.
// No two have the same text. The API default is a single variant. The errors
// are the errors of Generate.
func Variants(t KeyType, o Options) ([]Variant, error) {
	r, err := newRequest(t, o)
	if err != nil {
		return nil, err
	}
	var variants []Variant
	seen := map[string]bool{}
	for _, f := range r.forms {
		d, err := r.document(f)
		if err != nil {
			return nil, err
		}
		if !seen[d.Text()] {
			seen[d.Text()] = true
			variants = append(variants, Variant{Edition: f.edition, Grants: f.grants, Rotation: f.rotation, Document: d})
		}
	}
	return variants, nil
}

// form is what a default policy varies in, apart from the request.
type form struct {
	edition  Edition
	id       string
	grants   bool
	rotation bool
}

// formsOf returns the forms that options leave open, the latest edition and the
// better evidence first.
func formsOf(t KeyType, o Options) ([]form, error) {
	if o.Style == API {
		t = KeyType{}.WithDefaults() // any edition that exists will do
	}
	list, err := editionsFor(t, o.Edition)
	if err != nil {
		return nil, err
	}
	if o.Style == API {
		return []form{{id: "key-default-1"}}, nil
	}
	var forms []form
	for _, e := range list {
		for _, rotation := range rotationForms(t, e.Name, o.UndocumentedRotation) {
			for _, grants := range grantsForms(t, o.UndocumentedGrants) {
				forms = append(forms, form{edition: e.Name, id: e.ID, grants: grants, rotation: rotation})
			}
		}
	}
	return forms, nil
}

// grantsForms tells whether users get the grants statement.
func grantsForms(t KeyType, c Choice) []bool {
	if t.Spec == SymmetricDefault {
		return []bool{true}
	}
	return c.forms(t.Usage != GenerateVerifyMAC)
}

// rotationForms tells whether administrators get kms:RotateKeyOnDemand.
func rotationForms(t KeyType, e Edition, c Choice) []bool {
	switch {
	case e < Edition2024:
		return []bool{false}
	case t.Spec == SymmetricDefault && t.Origin == AWSKMS && t.MultiRegion == SingleRegion:
		return []bool{true}
	default:
		return c.forms(t.Spec == SymmetricDefault)
	}
}

// forms returns the forms that a choice leaves open, given the one with the
// better evidence.
func (c Choice) forms(evidence bool) []bool {
	if c == ByEvidence {
		return []bool{evidence, !evidence}
	}
	return []bool{c == Include}
}
