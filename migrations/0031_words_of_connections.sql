-- What a connection has sent of a field's own attribute that another one feeds is kept under its id, so that two connections keep
-- their own. Until now it stood among what is kept for all, with a mark whose it is. What came first stays first.
UPDATE users SET kept = (
    WITH marked AS (
        SELECT mark.key AS field, mark.value AS connection,
            CASE mark.key
                WHEN 'title' THEN '$.title'
                WHEN 'language' THEN '$.preferredLanguage'
                WHEN 'functional_area' THEN '$."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".department'
                ELSE coalesce(
                    (SELECT '$.addresses[' || work.key || '].region' FROM json_each(users.kept, '$.addresses') AS work
                        WHERE lower(json_extract(work.value, '$.type')) = 'work' ORDER BY work.key LIMIT 1),
                    '$.addresses[#].region')
            END AS place
        FROM json_each(users.kept, '$."$mapped"') AS mark
    ),
    said AS (
        SELECT connection, json_group_object(field, json_extract(users.kept, place)) AS words FROM marked GROUP BY connection
    ),
    rest AS (
        SELECT substr(json_remove(
            json_remove(
                -- The place of a region stays as null, where there is an address to have one.
                coalesce((SELECT json_set(users.kept, place, NULL) FROM marked
                    WHERE field = 'region' AND place <> '$.addresses[#].region'), users.kept),
                coalesce((SELECT place FROM marked WHERE field = 'title'), '$."$mapped"'),
                coalesce((SELECT place FROM marked WHERE field = 'language'), '$."$mapped"'),
                coalesce((SELECT place FROM marked WHERE field = 'functional_area'), '$."$mapped"')),
            '$."$mapped"'), 2) AS members
    )
    SELECT '{"$mapped":' || json_group_object(connection, json(words))
        || (SELECT CASE members WHEN '}' THEN '}' ELSE ',' || members END FROM rest) FROM said
)
WHERE kept >= '{"$' AND kept < '{"%';
