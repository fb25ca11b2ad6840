-- The list of people in the order of their labels, as it is in that of areas and titles: who has none is not in it.
CREATE INDEX users_by_labels ON users (labels COLLATE NOCASE, seq) WHERE labels IS NOT NULL;
