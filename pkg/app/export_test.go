package app

// SetNonce sets what tells invocations apart that share a request id.
func (h *Handler) SetNonce(nonce func() string) { h.nonce = nonce }
