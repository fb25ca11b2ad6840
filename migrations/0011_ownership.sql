-- What a connection maps and owns.

-- Pools that a connection asks for a person by entitlements. granted: the license came by it, or will; asked: whoever
-- else gave the license takes it.
CREATE TABLE entitlements (
    user BLOB NOT NULL REFERENCES users (id),
    pool BLOB NOT NULL REFERENCES pools (id),
    connection BLOB NOT NULL REFERENCES connections (id),
    state TEXT NOT NULL CHECK (state IN ('asked', 'granted')),
    PRIMARY KEY (user, pool, connection)
) STRICT, WITHOUT ROWID;

-- owns: what was chosen, as parts joined by commas; null is what the connection maps and sends. sends: what it has ever
-- written of anybody. token_days: how long a new token lives.
ALTER TABLE connections ADD COLUMN owns TEXT;
ALTER TABLE connections ADD COLUMN sends TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN token_days INTEGER;

-- Which SCIM attribute of a connection feeds which part of a person.
CREATE TABLE mappings (
    connection BLOB NOT NULL REFERENCES connections (id),
    part TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (connection, part)
) STRICT, WITHOUT ROWID;

-- Where the roster differs from what a provider has said: overridden by a person, not taken by a field, or held.
CREATE TABLE drifts (
    user BLOB NOT NULL REFERENCES users (id),
    part TEXT NOT NULL,
    connection BLOB NOT NULL REFERENCES connections (id),
    said TEXT,
    why TEXT NOT NULL CHECK (why IN ('overridden', 'not_taken', 'held')),
    PRIMARY KEY (user, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX drifts_by_connection ON drifts (connection, user);
