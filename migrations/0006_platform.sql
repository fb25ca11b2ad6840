-- The platform behind Usher: its tokens, of which only hashes are kept; people's passwords, apart from what lists read;
-- and when people were last seen.

CREATE TABLE platforms (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX platforms_name ON platforms (name);

CREATE TABLE platform_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    platform BLOB NOT NULL REFERENCES platforms (id),
    hint TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    ends_at INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX platform_tokens_hash ON platform_tokens (hash);

-- Argon2id, with the cost that it was made at, so that a later one can be higher.
CREATE TABLE passwords (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    memory_kib INTEGER NOT NULL,
    passes INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;

-- The single-use link with which a person chooses a password. The token is made from this row and a key outside of the
-- database, so that neither it nor a hash of it is here.
CREATE TABLE password_links (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    generation INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'used', 'dead')),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How much each address and each source has tried to sign in: until when its allowance is spent. Keys are hashes under
-- the organization's own key, so that nobody's address stands here.
CREATE TABLE attempts (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 16),
    spent_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_spent_until ON attempts (spent_until);

-- Partial, so that making people costs nothing more: most are not seen when they are made.
CREATE INDEX users_by_seen ON users (last_seen_at, seq) WHERE last_seen_at IS NOT NULL;
