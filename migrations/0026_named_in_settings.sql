-- Addresses that administrators typed into settings: history has each under a key of its own, which is found by a digest of the
-- address and thrown away when whose it is is erased.
CREATE TABLE address_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    address BLOB NOT NULL UNIQUE CHECK (length(address) = 32),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
