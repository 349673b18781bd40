SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('trackId', CAST(p1.c0 AS CHAR), 'price', CAST(p1.c1 AS CHAR))), '[]') FROM (SELECT t1.`track_id` AS c0, t1.`price` AS c1 FROM `track` t1 ORDER BY t1.`price` DESC, t1.`track_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [20000000]
