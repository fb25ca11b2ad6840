-- What the platform told of somebody's progress while they had no license for it: it waits to be carried out.

CREATE TABLE told_progress (
    user BLOB NOT NULL REFERENCES users (id),
    training BLOB NOT NULL REFERENCES trainings (id),
    started_at INTEGER,
    completed_at INTEGER,
    PRIMARY KEY (user, training),
    CHECK (started_at IS NOT NULL OR completed_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
