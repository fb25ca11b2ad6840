-- Accounts that people have of their own, outside the organization, with the records that can come along.
CREATE TABLE individuals (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    records TEXT NOT NULL,
    taken_by BLOB REFERENCES users (id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX individuals_email_key ON individuals (email_key);
CREATE INDEX individuals_by_taker ON individuals (taken_by) WHERE taken_by IS NOT NULL;

-- Each account's own key, under which events keep it, also after an undone import took the account away; throwing it away
-- destroys them. address is the address hashed under the database's key, by which erasing finds it.
CREATE TABLE individual_keys (
    account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    key BLOB NOT NULL CHECK (length(key) = 32),
    address BLOB NOT NULL CHECK (length(address) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX individual_keys_by_address ON individual_keys (address);
