-- How each administrator's console looks: who comes over SSH brings no environment and no options that could say it. The
-- owner is an administrator, or zeros for whoever owns the file.
CREATE TABLE console_looks (
    owner BLOB PRIMARY KEY CHECK (length(owner) = 16),
    theme TEXT NOT NULL,
    plain INTEGER NOT NULL CHECK (plain IN (0, 1))
) STRICT, WITHOUT ROWID;
