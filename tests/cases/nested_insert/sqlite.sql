INSERT INTO "artist" AS t1 ("name") VALUES (?) RETURNING +"artist_id"
-- ['A']

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (?, ?) RETURNING +"AlbumId"
-- what the server returned

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (?, ?) RETURNING +"AlbumId"
-- what the server returned

SELECT CAST((SELECT json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = ?)) p1) AS BLOB)
-- what the server returned
