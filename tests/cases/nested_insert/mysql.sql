INSERT INTO `artist` (`name`) VALUES (%s) RETURNING CAST(`artist_id` AS CHAR)
-- ['A']

INSERT INTO `album` (`Title`, `ArtistId`) VALUES (%s, %s) RETURNING CAST(`AlbumId` AS CHAR)
-- what the server returned

INSERT INTO `album` (`Title`, `ArtistId`) VALUES (%s, %s) RETURNING CAST(`AlbumId` AS CHAR)
-- what the server returned

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned
