SELECT CAST(t1.`AlbumId` AS CHAR) FROM `album` t1 WHERE t1.`ArtistId` = %s FOR UPDATE
-- [1]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('title', p1.c0) FROM (SELECT t1.`Title` AS c0 FROM `album` t1 WHERE (t1.`AlbumId` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned

UPDATE `album` SET `Title` = %s WHERE `AlbumId` = %s
-- what the server returned
