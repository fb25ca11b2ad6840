-- Keys with which administrators come in over SSH. A key opens for one person only.
CREATE TABLE ssh_keys (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),
    user BLOB NOT NULL REFERENCES users (id),
    line TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ssh_keys_by_user ON ssh_keys (user);
