INSERT INTO `artist` (`name`) VALUES (%s) RETURNING CAST(`artist_id` AS CHAR), LEFT(CAST(JSON_OBJECT('name', `name`) AS BINARY), %s + 1)
-- ['Ada', 20000000]
