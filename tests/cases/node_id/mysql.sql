SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('nodeId', REPLACE(TO_BASE64(CONCAT(%s, ':', 'Artist', ':', replace(replace(COALESCE(CAST(p1.c0 AS CHAR), ''), '~', '~0'), ':', '~1'))), '\n', ''))), '[]') FROM (SELECT t1.`artist_id` AS c0 FROM `artist` t1 ORDER BY t1.`artist_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- what the server returned
