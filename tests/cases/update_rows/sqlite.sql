UPDATE "album" AS t1 SET "Title" = ? WHERE t1."ArtistId" = ? RETURNING +"AlbumId"
-- ['Renamed', 1]

SELECT CAST((SELECT json_object('title', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END) FROM (SELECT t1."Title" AS c0 FROM "album" t1 WHERE (t1."AlbumId" = ?)) p1) AS BLOB)
-- what the server returned
