INSERT INTO `artist` (`name`) VALUES (%s) RETURNING CAST(`artist_id` AS CHAR)
-- ['X']

INSERT INTO `artist` (`name`) VALUES (%s) RETURNING CAST(`artist_id` AS CHAR)
-- [None]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned
