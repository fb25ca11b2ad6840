-- Keys with which administrators come in over SSH. A key opens for one person only.
CREATE TABLE ssh_keys (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),
    user BLOB NOT NULL REFERENCES users (id),
    line TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ssh_keys_by_user ON ssh_keys (user);

-- Files that go in or out of consoles without a folder on this machine, once, through a page of the server. The files are
-- in the folder beside the database, named by id.
CREATE TABLE transfers (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    actor_kind TEXT NOT NULL,
    actor BLOB,
    purpose TEXT NOT NULL CHECK (purpose IN ('download', 'upload')),
    name TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_by_end ON transfers (expires_at);

-- Lists in the order of what few people have: those who have nothing come last, without an index.
CREATE INDEX users_by_area ON users (functional_area COLLATE NOCASE, seq) WHERE functional_area IS NOT NULL;
CREATE INDEX users_by_title ON users (title COLLATE NOCASE, seq) WHERE title IS NOT NULL;
CREATE INDEX users_by_region ON users (region COLLATE NOCASE, seq) WHERE region IS NOT NULL;
CREATE INDEX users_by_language ON users (language COLLATE NOCASE, seq) WHERE language IS NOT NULL;
