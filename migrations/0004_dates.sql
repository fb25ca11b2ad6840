-- Dates that act by themselves. They are kept as calendar days, so that another time zone needs nothing computed anew: what
-- is due is whatever day has begun in the organization's zone.

ALTER TABLE users ADD COLUMN deactivate_on TEXT;
ALTER TABLE users ADD COLUMN delete_on TEXT;
CREATE INDEX users_deactivate_on ON users (deactivate_on) WHERE deactivate_on IS NOT NULL;
CREATE INDEX users_delete_on ON users (delete_on) WHERE delete_on IS NOT NULL;

-- The day on which an invitation is mailed; null once it was, or when nobody wanted that.
ALTER TABLE invitations ADD COLUMN send_on TEXT;
CREATE INDEX invitations_send_on ON invitations (send_on) WHERE send_on IS NOT NULL;
ALTER TABLE licenses ADD COLUMN send_on TEXT;

-- Until when a license was agreed. Not part of the license's row: who leaves and comes back has the same agreement.
CREATE TABLE license_ends (
    user BLOB NOT NULL REFERENCES users (id),
    pool BLOB NOT NULL REFERENCES pools (id),
    ends_on TEXT NOT NULL,
    PRIMARY KEY (user, pool)
) STRICT, WITHOUT ROWID;

-- What is still to be done, and on which day; moved by the changes that set dates. The day of an erasing is that of the
-- deletion, to which the days of retention are added when it is looked for.
CREATE TABLE due (
    kind TEXT NOT NULL CHECK (kind IN ('deactivate', 'delete', 'license_end', 'send', 'erase')),
    user BLOB NOT NULL REFERENCES users (id),
    pool BLOB NOT NULL DEFAULT x'',
    day TEXT NOT NULL,
    PRIMARY KEY (kind, user, pool)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_by_day ON due (kind, day, user, pool);
CREATE INDEX due_by_user ON due (user);
INSERT INTO due (kind, user, day)
    SELECT 'erase', id, strftime('%Y-%m-%d', updated_at / 1000, 'unixepoch') FROM users WHERE status = 'deleted';

-- What was done: nothing is done twice for one day.
CREATE TABLE due_done (
    user BLOB NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    pool BLOB NOT NULL DEFAULT x'',
    day TEXT NOT NULL,
    PRIMARY KEY (user, kind, pool, day)
) STRICT, WITHOUT ROWID;

-- When purchasers are told, in per cent of what was purchased, and the highest of them that was told and not left since.
ALTER TABLE pools ADD COLUMN alarms TEXT NOT NULL DEFAULT '80,95,100';
ALTER TABLE pool_counters ADD COLUMN alarm INTEGER NOT NULL DEFAULT 0;
-- What a mail speaks of beside its person, as one JSON object without personal values.
ALTER TABLE outbox ADD COLUMN about TEXT;

-- How many licenses were held when a day (UTC, counted from 1970) ended, for the trend; only days on which it moved.
CREATE TABLE pool_days (
    pool BLOB NOT NULL REFERENCES pools (id),
    day INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (pool, day)
) STRICT, WITHOUT ROWID;
