-- The brake: how many people a connection may take off the roster in a while, whom it has asked to take off beyond that,
-- and the counters that decide it. Counters are no history: what they count is.

CREATE TABLE brakes (
    connection BLOB NOT NULL PRIMARY KEY REFERENCES connections (id),
    share INTEGER NOT NULL CHECK (share BETWEEN 0 AND 100),
    floor INTEGER NOT NULL CHECK (floor >= 0),
    window_ms INTEGER NOT NULL CHECK (window_ms > 0)
) STRICT, WITHOUT ROWID;

-- How many a connection took off, by slices of its window; `ends_at` is the end of the slice. `seated` of them were on the
-- roster until then and belong to the people whose share is the limit; the others were deleted long after they had left.
CREATE TABLE brake_counts (
    connection BLOB NOT NULL REFERENCES connections (id),
    ends_at INTEGER NOT NULL,
    leaves INTEGER NOT NULL,
    seated INTEGER NOT NULL,
    PRIMARY KEY (connection, ends_at)
) STRICT, WITHOUT ROWID;

-- How many people of a connection are seated or coming: the whole that a share is of.
CREATE TABLE connection_people (
    connection BLOB NOT NULL PRIMARY KEY,
    people INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO connection_people (connection, people)
    SELECT connection, count(*) FROM users
    WHERE connection IS NOT NULL AND status IN ('queued', 'waiting', 'pending_transfer', 'active')
    GROUP BY connection;

-- Whom a provider asked to take off, and what became of it: held until somebody decides, or rejected until the provider
-- itself says that they are in.
CREATE TABLE leaving (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    connection BLOB NOT NULL REFERENCES connections (id),
    kind TEXT NOT NULL CHECK (kind IN ('deactivate', 'delete')),
    state TEXT NOT NULL CHECK (state IN ('held', 'rejected')),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX leaving_by_state ON leaving (state, connection, since);

-- On behalf of which connection somebody else gave the command.
ALTER TABLE batches ADD COLUMN on_behalf BLOB;

-- What providers asked to have changed, and what came of it. `total` is the bytes of all rows up to this one, so that how
-- much is kept is the difference of two rows. A body goes with the person whom it is about.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    connection BLOB NOT NULL,
    at INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    error TEXT,
    user BLOB,
    batch BLOB,
    body TEXT,
    replayed BLOB,
    total INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_by_connection ON inbox (connection, at);
CREATE INDEX inbox_failed ON inbox (connection, at) WHERE status >= 400;
CREATE INDEX inbox_by_user ON inbox (user, at) WHERE user IS NOT NULL;

-- Hashes, under the organization's own key, of the names in bodies that are about nobody on the roster or name others, so
-- that erasing finds them. Most requests have none.
CREATE TABLE inbox_names (
    name BLOB NOT NULL CHECK (length(name) = 16),
    request INTEGER NOT NULL,
    PRIMARY KEY (name, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_names_by_request ON inbox_names (request);
