SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('title', p1.c0)), '[]') FROM (SELECT t1.`Title` AS c0 FROM `album` t1 ORDER BY (SELECT t2.`name` FROM `artist` t2 WHERE t2.`artist_id` = t1.`ArtistId`) DESC, t1.`Title`, t1.`AlbumId` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [20000000]
