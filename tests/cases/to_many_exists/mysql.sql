SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('name', p1.c0)), '[]') FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE EXISTS (SELECT 1 FROM `album` t2 WHERE t2.`ArtistId` = t1.`artist_id` AND EXISTS (SELECT 1 FROM `track` t3 WHERE t3.`album` = t2.`AlbumId` AND t3.`price` >= %s)) ORDER BY t1.`artist_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [Decimal('2'), 20000000]
