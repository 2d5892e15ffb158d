package recognition

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// shape is what a generated default gives to whoever its administrators and users
// are. The API default gives them nothing.
type shape struct {
	style                       defaultpolicy.Style
	edition                     defaultpolicy.Edition
	grants, rotation, mayDelete bool
	// administrator and user are allowed always; attach is what users may do on
	// behalf of AWS services.
	administrator, user, attach access.Actions
}

// shapesOf returns the shapes that a key's default can have within the options,
// in the order in which they are preferred. There is at least one.
func shapesOf(key policy.Key, t defaultpolicy.KeyType, o Options) ([]shape, error) {
	var shapes []shape
	if o.Style != defaultpolicy.Console {
		if _, err := defaultpolicy.Generate(t, o.generation(key, defaultpolicy.API)); err != nil {
			return nil, err
		}
		shapes = append(shapes, shape{style: defaultpolicy.API})
	}
	if o.Style == defaultpolicy.API {
		return shapes, nil
	}
	for _, edition := range editionsOf(o.Edition) {
		list, err := consoleShapes(key, t, o, edition)
		var problem *defaultpolicy.Error
		if o.Edition == "" && errors.As(err, &problem) && problem.Code == defaultpolicy.EditionBeforeKeyType {
			continue
		}
		if err != nil {
			return nil, err
		}
		shapes = append(shapes, list...)
	}
	return shapes, nil
}

// editionsOf returns the editions that a name stands for, the latest first; a name
// that is none of an edition is left to package defaultpolicy.
func editionsOf(name defaultpolicy.Edition) []defaultpolicy.Edition {
	if name != "" {
		return []defaultpolicy.Edition{name}
	}
	var list []defaultpolicy.Edition
	for _, e := range slices.Backward(defaultpolicy.Editions()) {
		list = append(list, e.Name)
	}
	return list
}

// consoleShapes reads the shapes of one edition off the variants for an
// administrator and a user.
func consoleShapes(key policy.Key, t defaultpolicy.KeyType, o Options, edition defaultpolicy.Edition) ([]shape, error) {
	prefix := "arn:" + key.Partition + ":iam::" + key.Account + ":role/"
	g := o.generation(key, defaultpolicy.Console)
	g.Edition, g.RefuseUndocumentedUse = edition, false
	g.Administrators, g.Users = []string{prefix + "administrator"}, []string{prefix + "user"}
	var shapes []shape
	for _, choice := range []defaultpolicy.Choice{defaultpolicy.Include, defaultpolicy.Omit} {
		if o.AdministratorDelete != defaultpolicy.ByEvidence && o.AdministratorDelete != choice {
			continue
		}
		g.NoAdministratorDelete = choice == defaultpolicy.Omit
		variants, err := defaultpolicy.Variants(t, g)
		if err != nil {
			return nil, err
		}
		for _, v := range variants {
			shapes = append(shapes, shapeOf(v, g.Administrators[0]))
		}
	}
	return shapes, nil
}

// shapeOf reads a variant's statements but the first, which is the account's.
func shapeOf(v defaultpolicy.Variant, administrator string) shape {
	s := shape{style: defaultpolicy.Console, edition: v.Edition, grants: v.Grants, rotation: v.Rotation}
	for _, st := range v.Document.Statements[1:] {
		var actions access.Actions
		for _, value := range st.Actions.Values {
			actions |= access.ActionsMatching(value)
		}
		switch {
		case st.Principals.Entries[0].Text == administrator:
			s.administrator |= actions
		case len(st.Conditions) > 0:
			s.attach |= actions
		default:
			s.user |= actions
		}
	}
	s.mayDelete = s.administrator&access.ActionsMatching("kms:ScheduleKeyDeletion") != 0
	return s
}

// marks are the actions by which one tells an administrator and a user: each has
// them in all shapes, and the other in none.
type marks struct{ administrator, user access.Actions }

func marksOf(shapes []shape) marks {
	m := marks{administrator: access.AllActions, user: access.AllActions}
	var administrators, users access.Actions
	for _, s := range shapes {
		if s.style == defaultpolicy.Console {
			m.administrator &= s.administrator
			m.user &= s.user
			administrators |= s.administrator
			users |= s.user | s.attach
		}
	}
	return marks{administrator: m.administrator & administrators &^ users, user: m.user & users &^ administrators}
}

// form returns the default of a shape for some principals, without its document.
func (s shape) form(administrators, users []string) Form {
	f := Form{Style: s.style, Edition: s.edition}
	if s.style == defaultpolicy.Console {
		f.Administrators, f.Users = administrators, users
		f.AdministratorsMayDelete = s.mayDelete && len(administrators) > 0
		f.Rotation = s.rotation && len(administrators) > 0
		f.Grants = s.grants && len(users) > 0
	}
	return f
}

// generate writes the document of a form of the shape.
func (s shape) generate(key policy.Key, t defaultpolicy.KeyType, f *Form, o Options) error {
	g := o.generation(key, s.style)
	g.Administrators, g.Users = f.Administrators, f.Users
	if s.style == defaultpolicy.Console {
		g.Edition, g.NoAdministratorDelete = s.edition, !s.mayDelete
		g.UndocumentedGrants, g.UndocumentedRotation = choice(s.grants), choice(s.rotation)
	}
	var err error
	f.Document, err = defaultpolicy.Generate(t, g)
	return err
}

func choice(include bool) defaultpolicy.Choice {
	if include {
		return defaultpolicy.Include
	}
	return defaultpolicy.Omit
}
