-- Who may act for the organization, beyond the permissions themselves: what waits for a second administrator, which
-- administrator an operating-system user is, and what a group may spend.

-- What one administrator asked for and another one has to approve. At most one is pending of a kind.
CREATE TABLE approvals (
    id BLOB NOT NULL PRIMARY KEY,
    user BLOB NOT NULL REFERENCES users (id),
    permission TEXT NOT NULL,
    asked_kind TEXT NOT NULL,
    asked_by BLOB,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn')),
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_kind TEXT,
    decided_by BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX approvals_pending ON approvals (user, permission) WHERE state = 'pending';

-- Which administrator acts when this operating-system user does.
CREATE TABLE system_users (
    name TEXT NOT NULL PRIMARY KEY,
    user BLOB NOT NULL REFERENCES users (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX system_users_by_user ON system_users (user);

-- How many people those who run a group may have brought in. spent counts its members who are in or coming; it is set
-- with the budget and moved by the triggers below, which cost nothing where no group has a budget.
CREATE TABLE group_budgets (
    budget_of BLOB NOT NULL PRIMARY KEY REFERENCES groups (id),
    seats INTEGER NOT NULL CHECK (seats >= 0),
    spent INTEGER NOT NULL CHECK (spent >= 0)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER budget_member_moved AFTER UPDATE OF status ON users
WHEN (OLD.status IN ('queued', 'waiting', 'pending_transfer', 'active'))
    <> (NEW.status IN ('queued', 'waiting', 'pending_transfer', 'active'))
    AND EXISTS (SELECT 1 FROM group_budgets) BEGIN
    UPDATE group_budgets
    SET spent = spent + iif(NEW.status IN ('queued', 'waiting', 'pending_transfer', 'active'), 1, -1)
    WHERE budget_of IN (SELECT member_of FROM memberships WHERE user = NEW.id);
END;
CREATE TRIGGER budget_member_joined AFTER INSERT ON memberships
WHEN EXISTS (SELECT 1 FROM group_budgets WHERE budget_of = NEW.member_of) BEGIN
    UPDATE group_budgets SET spent = spent + 1
    WHERE budget_of = NEW.member_of AND EXISTS (SELECT 1 FROM users
        WHERE id = NEW.user AND status IN ('queued', 'waiting', 'pending_transfer', 'active'));
END;
CREATE TRIGGER budget_member_left AFTER DELETE ON memberships
WHEN EXISTS (SELECT 1 FROM group_budgets WHERE budget_of = OLD.member_of) BEGIN
    UPDATE group_budgets SET spent = spent - 1
    WHERE budget_of = OLD.member_of AND EXISTS (SELECT 1 FROM users
        WHERE id = OLD.user AND status IN ('queued', 'waiting', 'pending_transfer', 'active'));
END;

-- What an administrator applied is listed for those who see no more than that.
CREATE INDEX batches_by_administrator ON batches (actor, seq) WHERE actor_kind = 'administrator';

-- Whatever the code above it does: an organization keeps an owner, and who is protected keeps their seat.
CREATE TRIGGER an_owner_stays AFTER DELETE ON permissions
WHEN OLD.permission = 'owner' BEGIN
    SELECT RAISE(ABORT, 'the last owner stays') WHERE NOT EXISTS (
        SELECT 1 FROM permissions JOIN users ON users.id = permissions.user
        WHERE permission = 'owner' AND status = 'active');
END;
CREATE TRIGGER protected_people_stay BEFORE UPDATE OF status ON users
WHEN OLD.protected = 1 AND OLD.status IN ('queued', 'waiting', 'pending_transfer', 'active')
    AND NEW.status IN ('inactive', 'cancelled', 'deleted', 'erased') BEGIN
    SELECT RAISE(ABORT, 'protected people stay');
END;
