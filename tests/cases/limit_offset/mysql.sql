SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('artistId', p1.c0, 'name', p1.c1)), '[]') FROM (SELECT t1.`artist_id` AS c0, t1.`name` AS c1 FROM `artist` t1 ORDER BY t1.`artist_id` LIMIT 1 OFFSET 1) p1)) AS BINARY), %s + 1)
-- [20000000]
