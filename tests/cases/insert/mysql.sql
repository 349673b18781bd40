INSERT INTO `album` (`Title`, `ArtistId`) VALUES (%s, %s) RETURNING CAST(`AlbumId` AS CHAR)
-- ['x', 1]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('albumId', p1.c0, 'artist', JSON_COMPACT((SELECT JSON_OBJECT('name', t2.`name`) FROM `artist` t2 WHERE t2.`artist_id` = p1.c1))) FROM (SELECT t1.`AlbumId` AS c0, t1.`ArtistId` AS c1 FROM `album` t1 WHERE (t1.`AlbumId` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned
