package trail

// The bounds, for the tests outside of the package.
const (
	MaxDepth       = maxDepth
	MaxPolicyBytes = maxPolicyBytes
	MaxTextBytes   = maxTextBytes
)
