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

-- Seats that may be wasted. All of this is noted when the writer is idle, up to looked_to, so that making people costs
-- nothing more; what is noted of somebody anew waits in look_again. A look is a keyed hash: only equality can be seen.
CREATE TABLE looked_to (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO looked_to (one, seq) VALUES (1, 0);
CREATE TABLE look_again (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE look_alikes (
    seq INTEGER PRIMARY KEY,
    look INTEGER NOT NULL
) STRICT;
CREATE INDEX look_alikes_by_look ON look_alikes (look, seq);

-- Whom the platform never saw.
CREATE TABLE unseen (seq INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER seen_first AFTER UPDATE OF last_seen_at ON users
WHEN OLD.last_seen_at IS NULL AND NEW.last_seen_at IS NOT NULL BEGIN
    DELETE FROM unseen WHERE seq = NEW.seq;
END;

-- Who left with an add-on license that was consumed. Whether they still hold it is looked up.
CREATE TABLE leavers_holding (user BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TRIGGER left_holding AFTER UPDATE OF status ON users
WHEN NEW.status IN ('inactive', 'deleted', 'cancelled') AND OLD.status NOT IN ('inactive', 'deleted', 'cancelled') BEGIN
    INSERT OR IGNORE INTO leavers_holding (user)
        SELECT user FROM licenses
        WHERE user = NEW.id AND state = 'consumed' AND pool <> (SELECT id FROM pools WHERE seq = 1) LIMIT 1;
END;
INSERT INTO leavers_holding (user)
    SELECT DISTINCT licenses.user FROM licenses JOIN users ON users.id = licenses.user
    WHERE users.status IN ('inactive', 'deleted', 'cancelled', 'erased') AND state = 'consumed';
