-- Whom a request is about who is not on the roster: as the provider calls them. It goes with the body when somebody of that name is
-- erased.
ALTER TABLE inbox ADD COLUMN whom TEXT;
