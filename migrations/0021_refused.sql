-- What whom a refused request asked for goes by with the provider, where it was refused because somebody else has the name, or
-- goes by another one. Erasing takes it with the body.
ALTER TABLE inbox ADD COLUMN goes_by TEXT;
