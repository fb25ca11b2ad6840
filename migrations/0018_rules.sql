-- Rules. Behind what is searched of everybody stand marks of their region, their language and of what they lack, in letters
-- that nobody types, so that the text index finds people by these too. The writer builds the index anew when it is idle.
UPDATE users SET search = search || search_marks(first_name, last_name, display_name, user_name, functional_area, title, region, language)
    WHERE status <> 'erased';
DELETE FROM search_pending;
INSERT INTO users_text (users_text) VALUES ('delete-all');
INSERT INTO users_text (users_text, rank) VALUES ('secure-delete', 1);
UPDATE search_progress SET indexed_to = 0;

-- What the text index holds, in order: whoever has one or two letters has a trigram that begins with them.
CREATE VIRTUAL TABLE users_terms USING fts5vocab (users_text, 'instance');

-- Who reports to nobody.
CREATE INDEX users_without_manager ON users (seq) WHERE manager IS NULL;
