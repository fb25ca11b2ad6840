-- Looking back. What every pool's licenses came to after an event, written with the first commit that is a thousand events
-- past the last such count, so that seats at any moment are told from a count and a few events after it.
CREATE TABLE checkpoints (
    event INTEGER NOT NULL,
    pool BLOB NOT NULL REFERENCES pools (id),
    reserved INTEGER NOT NULL,
    consumed INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    PRIMARY KEY (event, pool)
) STRICT, WITHOUT ROWID;
INSERT INTO checkpoints (event, pool, reserved, consumed, queued)
    SELECT (SELECT max(seq) FROM events), pool, reserved, consumed, queued FROM pool_counters
    WHERE EXISTS (SELECT 1 FROM events);

-- What was agreed for pools, among everything that concerns nobody.
CREATE INDEX events_of_nobody ON events (seq) WHERE user IS NULL;
