-- The first batch after each time that the clock was set back: from one to the next the instants of batches do not fall, so that
-- the place of an instant in the history is found by halving.
CREATE TABLE clock_runs (
    first_batch INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO clock_runs (first_batch, at)
    SELECT seq, at FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM batches) WHERE at < before;
