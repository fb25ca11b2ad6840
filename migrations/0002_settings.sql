-- What the organization has set, by the names of core/src/model/setting.rs; what is not here has its default. The name
-- and the time zone of the organization stay in its own row.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Custom fields. Names may change; whatever refers to a field or to one of its values does so by id.
CREATE TABLE fields (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'date', 'choice')),
    visible_to TEXT NOT NULL CHECK (visible_to IN ('everybody', 'administrators')),
    required INTEGER NOT NULL CHECK (required IN (0, 1)),
    removed INTEGER NOT NULL CHECK (removed IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX fields_id ON fields (id);
CREATE UNIQUE INDEX fields_name ON fields (name_key) WHERE removed = 0;

-- The allowed values of a choice.
CREATE TABLE field_choices (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    field BLOB NOT NULL REFERENCES fields (id),
    name TEXT NOT NULL,
    removed INTEGER NOT NULL CHECK (removed IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX field_choices_id ON field_choices (id);
CREATE INDEX field_choices_by_field ON field_choices (field);

-- Names that fields and values had before, by which queries that were kept still find them.
CREATE TABLE former_names (
    of BLOB NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (of, name_key)
) STRICT, WITHOUT ROWID;

-- What people have in them. key is what is looked for: folded text, the day, or the id of a choice's value.
CREATE TABLE field_values (
    user BLOB NOT NULL REFERENCES users (id),
    field BLOB NOT NULL REFERENCES fields (id),
    value TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (user, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX field_values_by_key ON field_values (field, key, user);

-- Each label of each person, folded, beside the list in users.labels.
CREATE TABLE user_labels (
    user BLOB NOT NULL REFERENCES users (id),
    key TEXT NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_labels_by_key ON user_labels (key, user);
WITH RECURSIVE split (user, label, rest) AS (
    SELECT id, '', labels || ',' FROM users WHERE labels IS NOT NULL
    UNION ALL
    SELECT user, substr(rest, 1, instr(rest, ',') - 1), substr(rest, instr(rest, ',') + 1) FROM split WHERE rest <> ''
)
INSERT OR IGNORE INTO user_labels (user, key) SELECT user, fold(label) FROM split WHERE label <> '';

-- Whose user name is an address other than their email: few, so that a warning about them is instant.
CREATE INDEX users_with_other_address ON users (seq)
    WHERE instr(user_name_key, '@') > 0 AND user_name_key IS NOT email_key;
