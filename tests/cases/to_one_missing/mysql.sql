SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('trackId', CAST(p1.c0 AS CHAR), 'albumByAlbum', JSON_COMPACT((SELECT JSON_OBJECT('title', t2.`Title`) FROM `album` t2 WHERE t2.`AlbumId` = p1.c1)))), '[]') FROM (SELECT t1.`track_id` AS c0, t1.`album` AS c1 FROM `track` t1 WHERE t1.`album` IS NULL ORDER BY t1.`track_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [20000000]
