-- Providers.

-- From here on `seated` of a brake's counts is by how many seated or coming people a connection has fewer by what it did
-- itself: who left, without whom it brought in or adopted. What it has now and these together are its people when the window
-- began, of whom the share is, so that nobody raises their own limit by bringing people in.

-- How many requests alike a row stands for: what is refused at the door before it is looked at is counted, not kept one by one.
ALTER TABLE inbox ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
CREATE INDEX inbox_repeated ON inbox (connection, at) WHERE times > 1;

-- Whose name a refused request asked for, and which: user_name, email or external_id.
ALTER TABLE inbox ADD COLUMN taken BLOB;
ALTER TABLE inbox ADD COLUMN taken_part TEXT;
CREATE INDEX inbox_taken ON inbox (connection, seq) WHERE taken IS NOT NULL;
