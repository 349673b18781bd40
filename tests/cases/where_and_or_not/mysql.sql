SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', p1.c0)), '[]') FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`name` = %s OR (t1.`name` IS NOT NULL AND NOT (CONVERT(t1.`name` USING utf8mb4) COLLATE utf8mb4_bin LIKE %s))) ORDER BY t1.`artist_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- ['Ada', 'B%', 20000000]
