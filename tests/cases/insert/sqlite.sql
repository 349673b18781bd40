INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (?, ?) RETURNING +"AlbumId"
-- ['x', 1]

SELECT CAST((SELECT json_object('albumId', CASE WHEN typeof(p1.c0) = 'integer' AND p1.c0 BETWEEN -2147483648 AND 2147483647 THEN p1.c0 ELSE 'gateway_mark' END, 'artist', (SELECT json_object('name', CASE WHEN typeof(p2.c0) <> 'blob' THEN CAST(p2.c0 AS TEXT) END) FROM (SELECT t2."name" AS c0 FROM "artist" t2 WHERE t2."artist_id" = p1.c1) p2)) FROM (SELECT t1."AlbumId" AS c0, t1."ArtistId" AS c1 FROM "album" t1 WHERE (t1."AlbumId" = ?)) p1) AS BLOB)
-- what the server returned
