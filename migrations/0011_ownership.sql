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
