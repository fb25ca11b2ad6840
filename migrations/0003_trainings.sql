-- Trainings, who is to take them, and what groups carry for their members. Counts are moved by the writer once a batch.

CREATE TABLE trainings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('course', 'pre_work', 'session')),
    pool BLOB REFERENCES pools (id),
    held_on TEXT,
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    assigned INTEGER NOT NULL DEFAULT 0 CHECK (assigned >= 0),
    started INTEGER NOT NULL DEFAULT 0 CHECK (started >= 0),
    completed INTEGER NOT NULL DEFAULT 0 CHECK (completed >= 0),
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended >= 0),
    CHECK ((kind = 'session') = (held_on IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- A removed one keeps its row for reports and gives its name back.
CREATE UNIQUE INDEX trainings_name_key ON trainings (name_key) WHERE removed = 0;

CREATE TABLE instructors (
    training BLOB NOT NULL REFERENCES trainings (id),
    user BLOB NOT NULL REFERENCES users (id),
    PRIMARY KEY (training, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX instructors_by_user ON instructors (user);

CREATE TABLE assignments (
    user BLOB NOT NULL REFERENCES users (id),
    training BLOB NOT NULL REFERENCES trainings (id),
    state TEXT NOT NULL CHECK (state IN ('assigned', 'started', 'completed', 'ended')),
    assigned_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (user, training)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_training ON assignments (training, state, user);

CREATE TABLE group_trainings (
    carrier BLOB NOT NULL REFERENCES groups (id),
    training BLOB NOT NULL REFERENCES trainings (id),
    PRIMARY KEY (carrier, training)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_trainings_by_training ON group_trainings (training);

CREATE TABLE group_pools (
    carrier BLOB NOT NULL REFERENCES groups (id),
    pool BLOB NOT NULL REFERENCES pools (id),
    PRIMARY KEY (carrier, pool)
) STRICT, WITHOUT ROWID;

-- Add-on licenses that people who are not in yet are to get when they become active, of pools that count from activation.
CREATE TABLE license_requests (
    user BLOB NOT NULL REFERENCES users (id),
    pool BLOB NOT NULL REFERENCES pools (id),
    PRIMARY KEY (user, pool)
) STRICT, WITHOUT ROWID;

ALTER TABLE groups ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));
ALTER TABLE groups ADD COLUMN members INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0);
UPDATE groups SET members = (SELECT count(*) FROM memberships WHERE member_of = groups.id);
-- Names match without regard to case in any script; before, only ASCII letters were folded.
UPDATE OR IGNORE groups SET name_key = name_key(name);
DROP INDEX groups_name_key;
CREATE UNIQUE INDEX groups_name_key ON groups (name_key) WHERE removed = 0;
-- Also finds the few who have a role in a large group.
DROP INDEX memberships_by_group;
CREATE INDEX memberships_by_group ON memberships (member_of, role, user);
