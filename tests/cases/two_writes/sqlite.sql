INSERT INTO "artist" AS t1 ("name") VALUES (?) RETURNING +"artist_id", CAST(json_object('name', CASE WHEN typeof("name") <> 'blob' THEN CAST("name" AS TEXT) END) AS BLOB)
-- ['Y']

SELECT +t1."AlbumId" FROM "album" t1 WHERE t1."AlbumId" = ?
-- [3]

DELETE FROM "album" WHERE "AlbumId" = ?
-- what the server returned
