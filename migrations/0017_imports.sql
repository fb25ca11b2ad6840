-- Imports: what came in by files. What became of it is the batch's; here is which file it was, so that the same one is not
-- imported twice by mistake. The digest is keyed by the database: it says nothing of what was in the file to anybody else.
CREATE TABLE imports (
    batch BLOB NOT NULL PRIMARY KEY CHECK (length(batch) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    mode TEXT NOT NULL CHECK (mode IN ('invite', 'create', 'update', 'both')),
    -- The file's name; none when somebody was erased whose name was in it, or when it came from a pipe.
    file TEXT,
    format TEXT NOT NULL,
    -- How many rows it had, and how many of them were brought in, changed somebody, changed nothing and were wrong.
    n_rows INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    wrong INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_by_digest ON imports (digest, mode);
