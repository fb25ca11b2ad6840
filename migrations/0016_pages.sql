-- Pages: wishes to join, which hold the addresses of people who are not on the roster, until the link that was mailed to them
-- is used or expires.
CREATE TABLE wishes (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    language TEXT NOT NULL,
    generation INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX wishes_address_key ON wishes (address_key);
CREATE INDEX wishes_expires_at ON wishes (expires_at);
