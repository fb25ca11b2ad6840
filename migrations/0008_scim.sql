-- What identity providers ask all day.

-- Every further address of a person, besides the one that is theirs: a provider may look for any of them.
CREATE TABLE addresses (
    key TEXT NOT NULL,
    user BLOB NOT NULL REFERENCES users (id),
    PRIMARY KEY (key, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_by_user ON addresses (user);

CREATE INDEX users_by_updated ON users (updated_at);

-- How many of each 1,024 people, in the order of creation, are deleted or erased: a place deep in the list is found by
-- these instead of by walking to it. Rows are never removed, so that blocks without an entry are full.
CREATE TABLE hidden_blocks (
    block INTEGER PRIMARY KEY,
    people INTEGER NOT NULL
) STRICT;
INSERT INTO hidden_blocks (block, people)
    SELECT (seq - 1) >> 10, count(*) FROM users WHERE status IN ('deleted', 'erased') GROUP BY 1;
CREATE TRIGGER user_hidden AFTER UPDATE OF status ON users
WHEN (OLD.status IN ('deleted', 'erased')) <> (NEW.status IN ('deleted', 'erased')) BEGIN
    INSERT INTO hidden_blocks (block, people)
    VALUES ((NEW.seq - 1) >> 10, CASE WHEN NEW.status IN ('deleted', 'erased') THEN 1 ELSE -1 END)
    ON CONFLICT (block) DO UPDATE SET people = people + excluded.people;
END;

-- Groups as identity providers see them.
ALTER TABLE groups ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE groups ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE groups SET created_at = (SELECT created_at FROM organization), updated_at = (SELECT created_at FROM organization);

-- What a connection calls a group.
CREATE TABLE group_links (
    connection BLOB NOT NULL REFERENCES connections (id),
    linked BLOB NOT NULL REFERENCES groups (id),
    external_id TEXT NOT NULL,
    PRIMARY KEY (connection, linked)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX group_links_external_id ON group_links (connection, external_id);
