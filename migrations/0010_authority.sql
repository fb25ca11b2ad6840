-- Small sides from which listings find people, so that a page of few does not look through everybody. Making somebody
-- writes none of them.
CREATE INDEX users_protected ON users (seq) WHERE protected = 1;
CREATE INDEX users_without_email ON users (seq) WHERE email IS NULL AND status <> 'erased';

-- The licenses of every pool but the seat itself, by pool.
CREATE TABLE add_on_licenses (
    pool BLOB NOT NULL,
    state TEXT NOT NULL,
    user BLOB NOT NULL,
    PRIMARY KEY (pool, state, user)
) STRICT, WITHOUT ROWID;
INSERT INTO add_on_licenses (pool, state, user)
    SELECT pool, state, user FROM licenses WHERE pool <> (SELECT id FROM pools WHERE seq = 1);
CREATE TRIGGER add_on_taken AFTER INSERT ON licenses
WHEN NEW.pool <> (SELECT id FROM pools WHERE seq = 1) BEGIN
    INSERT INTO add_on_licenses (pool, state, user) VALUES (NEW.pool, NEW.state, NEW.user);
END;
CREATE TRIGGER add_on_moved AFTER UPDATE OF state, pool ON licenses
WHEN OLD.state <> NEW.state OR OLD.pool <> NEW.pool BEGIN
    DELETE FROM add_on_licenses WHERE pool = OLD.pool AND state = OLD.state AND user = OLD.user;
    INSERT INTO add_on_licenses (pool, state, user)
        SELECT NEW.pool, NEW.state, NEW.user WHERE NEW.pool <> (SELECT id FROM pools WHERE seq = 1);
END;
CREATE TRIGGER add_on_freed AFTER DELETE ON licenses
WHEN OLD.pool <> (SELECT id FROM pools WHERE seq = 1) BEGIN
    DELETE FROM add_on_licenses WHERE pool = OLD.pool AND state = OLD.state AND user = OLD.user;
END;

-- What few do: everybody but identity providers, who are most, and administrators, who have their own.
CREATE INDEX batches_by_doer ON batches (actor_kind, actor, seq) WHERE actor_kind NOT IN ('connection', 'administrator');
