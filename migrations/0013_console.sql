-- Saved views of the console. They decide nothing; custom fields in a query are kept by id beside its text, so that a
-- view survives their renaming. The owner is an administrator, or zeros for whoever owns the file.
CREATE TABLE saved_views (
    owner BLOB NOT NULL CHECK (length(owner) = 16),
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    fields TEXT NOT NULL,
    columns TEXT NOT NULL,
    sort TEXT NOT NULL,
    descending INTEGER NOT NULL,
    PRIMARY KEY (owner, name_key)
) STRICT, WITHOUT ROWID;
