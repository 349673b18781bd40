INSERT INTO `artist` (`name`) VALUES (%s) RETURNING CAST(`artist_id` AS CHAR), LEFT(CAST(JSON_OBJECT('name', `name`) AS BINARY), %s + 1)
-- ['Y', 20000000]

SELECT CAST(t1.`AlbumId` AS CHAR) FROM `album` t1 WHERE t1.`AlbumId` = %s FOR UPDATE
-- [3]

DELETE FROM `album` WHERE `AlbumId` = %s
-- what the server returned
