SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', p1.c0)), '[]') FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE t1.`name` = %s ORDER BY t1.`artist_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- ['nobody', 20000000]
