-- What a provider asked may be done but for a part that was refused: that is listed with what failed.
DROP INDEX inbox_failed;
CREATE INDEX inbox_failed ON inbox (connection, at) WHERE status >= 400 OR error IS NOT NULL;
