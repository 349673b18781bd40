SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('keys', JSON_OBJECT('artistId', p1.c0), 'aggregate', JSON_OBJECT('count', p1.c1))), '[]') FROM (SELECT t1.`ArtistId` AS c0, count(*) AS c1 FROM `album` t1 GROUP BY t1.`ArtistId` ORDER BY t1.`ArtistId` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [20000000]
