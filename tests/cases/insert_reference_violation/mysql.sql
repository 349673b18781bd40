INSERT INTO `album` (`Title`, `ArtistId`) VALUES (%s, %s) RETURNING CAST(`AlbumId` AS CHAR), LEFT(CAST(JSON_OBJECT('title', `Title`) AS BINARY), %s + 1)
-- ['T', 999, 20000000]
