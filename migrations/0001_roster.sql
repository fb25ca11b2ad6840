-- The roster, its pools and its history. Instants are UTC milliseconds; ids are UUIDv7 as sixteen bytes, so that they
-- sort by time and append to their indexes. Counts that screens show are kept, never counted.

CREATE TABLE organization (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    digest_key BLOB NOT NULL CHECK (length(digest_key) = 32)
) STRICT;

CREATE TABLE connections (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    new_people TEXT NOT NULL CHECK (new_people IN ('active', 'waiting')),
    mails INTEGER NOT NULL CHECK (mails IN (0, 1)),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX connections_name ON connections (name);

CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    connection BLOB NOT NULL REFERENCES connections (id),
    hint TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    ends_at INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);

CREATE TABLE users (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    status TEXT NOT NULL CHECK (status IN
        ('queued', 'waiting', 'pending_transfer', 'active', 'inactive', 'cancelled', 'deleted', 'erased')),
    email TEXT,
    email_key TEXT,
    user_name TEXT,
    user_name_key TEXT,
    first_name TEXT,
    last_name TEXT,
    display_name TEXT,
    functional_area TEXT,
    title TEXT,
    region TEXT,
    language TEXT,
    labels TEXT,
    kept TEXT,
    manager BLOB REFERENCES users (id),
    connection BLOB REFERENCES connections (id),
    protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    provider_hold TEXT NOT NULL DEFAULT 'free' CHECK (provider_hold IN ('free', 'released')),
    sort_name TEXT NOT NULL,
    search TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_id ON users (id);
CREATE UNIQUE INDEX users_email_key ON users (email_key);
CREATE UNIQUE INDEX users_user_name_key ON users (user_name_key);
CREATE INDEX users_by_name ON users (sort_name, seq);
CREATE INDEX users_by_status ON users (status, sort_name, seq);
CREATE INDEX users_by_manager ON users (manager) WHERE manager IS NOT NULL;

-- How many people stand where; moved by the writer once a batch.
CREATE TABLE status_counts (
    status TEXT NOT NULL PRIMARY KEY,
    people INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a connection calls a person.
CREATE TABLE links (
    connection BLOB NOT NULL REFERENCES connections (id),
    user BLOB NOT NULL REFERENCES users (id),
    external_id TEXT,
    PRIMARY KEY (connection, user)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX links_external_id ON links (connection, external_id);

CREATE TABLE permissions (
    user BLOB NOT NULL REFERENCES users (id),
    permission TEXT NOT NULL,
    PRIMARY KEY (user, permission)
) STRICT, WITHOUT ROWID;
CREATE INDEX permissions_by_name ON permissions (permission);

CREATE TABLE invitations (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'dead')),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX groups_name_key ON groups (name_key);

CREATE TABLE memberships (
    user BLOB NOT NULL REFERENCES users (id),
    member_of BLOB NOT NULL REFERENCES groups (id),
    role TEXT NOT NULL,
    PRIMARY KEY (user, member_of)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_group ON memberships (member_of, user);

CREATE TABLE pools (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    purchased INTEGER NOT NULL CHECK (purchased >= 0),
    counts_from TEXT NOT NULL CHECK (counts_from IN ('invitation', 'activation')),
    recoverable INTEGER NOT NULL CHECK (recoverable IN (0, 1)),
    at_capacity TEXT NOT NULL,
    starts_on TEXT,
    ends_on TEXT
) STRICT;
CREATE UNIQUE INDEX pools_id ON pools (id);
CREATE UNIQUE INDEX pools_name ON pools (name);

-- One row a pool, moved by the triggers below. seat_limit is what was purchased plus grace.
CREATE TABLE pool_counters (
    pool BLOB NOT NULL PRIMARY KEY REFERENCES pools (id),
    seat_limit INTEGER NOT NULL,
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    consumed INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
    queued INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE licenses (
    user BLOB NOT NULL REFERENCES users (id),
    pool BLOB NOT NULL REFERENCES pools (id),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'consumed', 'queued')),
    stands_for_access INTEGER NOT NULL DEFAULT 0 CHECK (stands_for_access IN (0, 1)),
    place INTEGER,
    leads_to TEXT,
    mail INTEGER,
    connection BLOB,
    PRIMARY KEY (user, pool),
    CHECK ((state = 'queued') = (place IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX licenses_queue ON licenses (pool, place) WHERE state = 'queued';

CREATE TRIGGER license_taken AFTER INSERT ON licenses BEGIN
    UPDATE pool_counters SET
        reserved = reserved + (NEW.state = 'reserved'),
        consumed = consumed + (NEW.state = 'consumed'),
        queued = queued + (NEW.state = 'queued')
    WHERE pool = NEW.pool;
    SELECT RAISE(ABORT, 'oversold') FROM pool_counters
    WHERE pool = NEW.pool AND NEW.state <> 'queued' AND reserved + consumed > seat_limit;
END;

CREATE TRIGGER license_moved AFTER UPDATE OF state, pool ON licenses BEGIN
    UPDATE pool_counters SET
        reserved = reserved - (OLD.state = 'reserved'),
        consumed = consumed - (OLD.state = 'consumed'),
        queued = queued - (OLD.state = 'queued')
    WHERE pool = OLD.pool;
    UPDATE pool_counters SET
        reserved = reserved + (NEW.state = 'reserved'),
        consumed = consumed + (NEW.state = 'consumed'),
        queued = queued + (NEW.state = 'queued')
    WHERE pool = NEW.pool;
    SELECT RAISE(ABORT, 'oversold') FROM pool_counters
    WHERE pool = NEW.pool AND NEW.state <> 'queued' AND reserved + consumed > seat_limit
        AND (OLD.state = 'queued' OR OLD.pool <> NEW.pool);
END;

CREATE TRIGGER license_freed AFTER DELETE ON licenses BEGIN
    UPDATE pool_counters SET
        reserved = reserved - (OLD.state = 'reserved'),
        consumed = consumed - (OLD.state = 'consumed'),
        queued = queued - (OLD.state = 'queued')
    WHERE pool = OLD.pool;
END;

-- Each person's own key; events carry personal values under it, so that throwing it away destroys them.
CREATE TABLE person_keys (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    actor_kind TEXT NOT NULL,
    actor BLOB,
    door TEXT NOT NULL,
    command TEXT NOT NULL,
    at INTEGER NOT NULL,
    caused_by BLOB,
    undoes BLOB,
    first_event INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    people INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX batches_id ON batches (id);
CREATE INDEX batches_undoes ON batches (undoes) WHERE undoes IS NOT NULL;

-- Append-only; hash covers the event, its batch and the hash before it.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batches (seq),
    user BLOB,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_user ON events (user, seq) WHERE user IS NOT NULL;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    batch BLOB NOT NULL,
    user BLOB NOT NULL,
    template TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_user ON outbox (user);

-- First outcomes of keyed requests, for 30 days. The key itself is not kept, only its hash.
CREATE TABLE idempotency (
    key BLOB NOT NULL PRIMARY KEY,
    command BLOB NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

-- Trigrams of users.search. People created after search_progress.indexed_to, and those edited since, listed in
-- search_pending with the text that the index has of them, wait until the writer is idle; readers look through all three.
CREATE VIRTUAL TABLE users_text USING fts5 (
    search, content='users', content_rowid='seq', tokenize='trigram case_sensitive 1', detail=none, columnsize=0
);
INSERT INTO users_text (users_text, rank) VALUES ('secure-delete', 1);
CREATE TABLE search_pending (
    seq INTEGER PRIMARY KEY,
    indexed TEXT NOT NULL
) STRICT;
CREATE TABLE search_progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    indexed_to INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress (one, indexed_to) VALUES (1, 0);
