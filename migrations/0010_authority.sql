-- Whom queries find that name few, so that a page of them does not look through everybody.
CREATE INDEX users_protected ON users (id) WHERE protected = 1;
CREATE INDEX users_by_created ON users (created_at);
CREATE INDEX licenses_by_pool ON licenses (pool, state, user) WHERE state <> 'queued';
