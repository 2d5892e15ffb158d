package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// State implements [enforcer.Archive] with one GetObject call.
func (a *Archive) State(ctx context.Context, keyARN string) (enforcer.KeyState, enforcer.StateVersion, error) {
	k, err := parseKey(keyARN)
	if err != nil {
		return enforcer.KeyState{}, "", err
	}
	name := states + k.String()
	text, etag, err := a.objects.read(ctx, name)
	switch {
	case errors.Is(err, errAbsent):
		return enforcer.KeyState{}, "", nil
	case err != nil:
		return enforcer.KeyState{}, "", err
	case etag == "":
		return enforcer.KeyState{}, "", corrupt(name, "it has no ETag")
	}
	state, err := decode[enforcer.KeyState](name, text)
	if err != nil {
		return enforcer.KeyState{}, "", err
	}
	return state, enforcer.StateVersion(etag), nil
}

// SaveState implements [enforcer.Archive] with one PutObject call.
func (a *Archive) SaveState(ctx context.Context, keyARN string, state enforcer.KeyState, version enforcer.StateVersion) (enforcer.StateVersion, error) {
	k, err := parseKey(keyARN)
	if err != nil {
		return "", err
	}
	text, err := encode(state)
	if err != nil {
		return "", err
	}
	etag, err := a.objects.replace(ctx, states+k.String(), text, string(version))
	switch {
	case taken(err), errors.Is(err, errAbsent):
		return "", fmt.Errorf("%w: %w", enforcer.ErrConflict, err)
	case err != nil:
		return "", err
	}
	return enforcer.StateVersion(etag), nil
}
