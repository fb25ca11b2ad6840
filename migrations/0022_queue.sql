-- Whom a person chose to queue waits for what was purchased. The grace of a pool is for doors where nobody is asked, so that
-- the queue's head must be found without those.

ALTER TABLE licenses ADD COLUMN chosen INTEGER CHECK (chosen = 1);
CREATE INDEX licenses_queue_unasked ON licenses (pool, place) WHERE state = 'queued' AND chosen IS NULL;
