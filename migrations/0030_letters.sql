-- Letters that Unicode takes for letters of their own (ł, ø, ı, ß, æ) are looked for and sorted as what people type for them.
-- fold_anew makes of what was folded before what is folded now.
INSERT OR IGNORE INTO search_pending (seq, indexed)
    SELECT seq, search FROM users WHERE fold_anew(search) <> search AND seq <= (SELECT indexed_to FROM search_progress);
INSERT OR IGNORE INTO look_again (seq)
    SELECT seq FROM users WHERE fold_anew(search) <> search AND seq <= (SELECT seq FROM looked_to);
UPDATE users SET search = fold_anew(search), sort_name = fold_anew(sort_name)
    WHERE fold_anew(search) <> search OR fold_anew(sort_name) <> sort_name;
UPDATE OR IGNORE user_labels SET key = fold_anew(key) WHERE fold_anew(key) <> key;
DELETE FROM user_labels WHERE fold_anew(key) <> key;
UPDATE field_values SET key = fold_anew(key)
    WHERE field IN (SELECT id FROM fields WHERE kind = 'text') AND fold_anew(key) <> key;
UPDATE OR IGNORE former_names SET name_key = fold_anew(name_key)
    WHERE of IN (SELECT id FROM field_choices) AND fold_anew(name_key) <> name_key;
