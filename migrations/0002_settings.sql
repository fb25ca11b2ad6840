-- What the organization has set, by the names of core/src/model/setting.rs; what is not here has its default. The name
-- and the time zone of the organization stay in its own row.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
