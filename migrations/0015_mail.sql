-- Mail: how the rows of the outbox are brought out, and to whom nothing can be brought.

-- Which generation of the invitation or password link the mail carries; none when it carries none.
ALTER TABLE outbox ADD COLUMN generation INTEGER;
-- Where to, when not to the address that the person has now.
ALTER TABLE outbox ADD COLUMN address TEXT;
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
-- When to try; while it is being sent, from when on whoever sends it is believed to be gone.
ALTER TABLE outbox ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
-- By whom it is being sent.
ALTER TABLE outbox ADD COLUMN lease BLOB;
-- Since when it is in its last state.
ALTER TABLE outbox ADD COLUMN settled_at INTEGER;
ALTER TABLE outbox ADD COLUMN why TEXT;
-- Nothing was sent before; what has waited since then would surprise.
UPDATE outbox SET state = 'dropped', why = 'from before mails were sent; resend it', settled_at = created_at;

-- Of an invitation that was taken: when it is looked at again whether its person is to be reminded, and how often they were.
ALTER TABLE outbox ADD COLUMN remind_at INTEGER;
ALTER TABLE outbox ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;

DROP INDEX outbox_by_user;
CREATE INDEX outbox_by_user ON outbox (user, seq);
CREATE INDEX outbox_open ON outbox (next_at, seq) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX outbox_ill ON outbox (seq) WHERE state IN ('failed', 'bounced');

-- To whom the last mail could not be brought, until one can.
CREATE TABLE undelivered (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    state TEXT NOT NULL CHECK (state IN ('failed', 'bounced')),
    outbox INTEGER,
    at INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The generation whose page was begun: what was posted to it first.
ALTER TABLE invitations ADD COLUMN begun_generation INTEGER;
ALTER TABLE invitations ADD COLUMN begun_at INTEGER;

-- The organization's own words in mails: what is not here is said as Usher says it.
CREATE TABLE mail_texts (
    template TEXT NOT NULL,
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (template, language)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_remind ON outbox (remind_at) WHERE remind_at IS NOT NULL;

-- Who was told of the deletion ahead, and for which day.
CREATE TABLE deletion_notices (
    user BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    day TEXT NOT NULL
) STRICT, WITHOUT ROWID;
