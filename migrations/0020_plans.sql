-- Statistics are kept no longer: they were taken when a command of the command line ended, often of a roster with one person, and
-- then made SQLite read whole tables for years where an index was there.
DROP TABLE IF EXISTS sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;
