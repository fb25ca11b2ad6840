-- Who is to report to somebody who is not in, as their provider has said: found when that person is back.
CREATE INDEX IF NOT EXISTS drifts_by_manager ON drifts (said) WHERE part = 'manager' AND why = 'not_taken';
