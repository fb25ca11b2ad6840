-- The end of a license is a fact of that license: it goes with it, and comes back with it. Ends that were left behind by
-- licenses that are gone would take a later license of somebody's that nobody gave an end.
DELETE FROM due WHERE kind = 'license_end' AND NOT EXISTS (SELECT 1 FROM licenses
    WHERE licenses.user = due.user AND licenses.pool = due.pool AND licenses.stands_for_access = 0);
DELETE FROM license_ends WHERE NOT EXISTS (SELECT 1 FROM licenses
    WHERE licenses.user = license_ends.user AND licenses.pool = license_ends.pool AND licenses.stands_for_access = 0);
