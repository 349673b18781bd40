SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', p1.c0)), '[]') FROM (SELECT t1.`name` AS c0 FROM `artist` t1 ORDER BY (SELECT count(*) FROM `album` t2 WHERE t2.`ArtistId` = t1.`artist_id`) DESC, t1.`artist_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [20000000]
