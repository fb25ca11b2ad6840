-- Whether it is known of an import how many of those who came wait for a seat, and how many rows were left out because there was
-- none. Of those before 0036 it is not: zero would say that nobody waited.
ALTER TABLE imports ADD COLUMN told_apart INTEGER NOT NULL DEFAULT 0 CHECK (told_apart IN (0, 1));
UPDATE imports SET told_apart = 1 WHERE queued > 0 OR left_out > 0;
