package localaws

// customKeyStore is an AWS CloudHSM key store or an external key store.
type customKeyStore struct {
	id, account, region string
	cluster             string // of an AWS CloudHSM key store
	disconnected        bool
}

// StoreOptions describes a custom key store.
type StoreOptions struct {
	External     bool // an external key store; otherwise AWS CloudHSM
	Disconnected bool // its ConnectionState is not CONNECTED
}

// AddCustomKeyStore adds a custom key store to the account and Region and
// returns its id, for CreateKey's CustomKeyStoreId.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
func (a *Account) AddCustomKeyStore(region string, options StoreOptions) string {
	c := a.cloud
	c.mu.Lock()
	defer c.mu.Unlock()
	store := &customKeyStore{id: "cks-" + c.randomHex(17), account: a.ID, region: region, disconnected: options.Disconnected}
	if !options.External {
		store.cluster = "cluster-" + c.randomText(11, "abcdefghijklmnopqrstuvwxyz234567")
	}
	c.stores[store.id] = store
	return store.id
}

// findStore returns the store for a new key, or nil if it names none.
func (c *Cloud) findStore(k *key, id string) (*customKeyStore, error) {
	if id == "" {
		return nil, nil
	}
	store := c.stores[id]
	if store == nil || store.account != k.account || store.region != k.region {
		return nil, refuse("CustomKeyStoreNotFoundException", "The custom key store %s does not exist.", id)
	}
	if store.disconnected {
		return nil, refuse("CustomKeyStoreInvalidStateException", "The custom key store %s is not connected.", id)
	}
	if (store.cluster == "") != (k.origin == "EXTERNAL_KEY_STORE") {
		return nil, refuse("UnsupportedOperationException", "The custom key store %s is not of the origin %s.", id, k.origin)
	}
	for _, other := range c.keys {
		if other.store == store && k.xksKeyID != "" && other.xksKeyID == k.xksKeyID {
			return nil, refuse("XksKeyAlreadyInUseException", "The external key %s is in use by another KMS key.", k.xksKeyID)
		}
	}
	return store, nil
}
