-- Of an import: how many of those who came wait for a seat, how many rows were left out because there was none, and which sheet
-- of a workbook was read where it has several, for two of them may be imported one after the other.
ALTER TABLE imports ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN sheet TEXT;
