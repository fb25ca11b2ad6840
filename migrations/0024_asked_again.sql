-- Who holds the link of an invitation that was withdrawn, and asks for a new one: noted beside the roster, as it decides
-- nothing, until they are invited again or their record goes.
CREATE TABLE invitation_wishes (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    asked_at INTEGER NOT NULL,
    -- How often, since it was withdrawn.
    times INTEGER NOT NULL DEFAULT 1,
    -- When administrators were told last.
    told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_wishes_newest ON invitation_wishes (asked_at);
