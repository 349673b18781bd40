INSERT INTO "artist" AS t1 ("name") VALUES (?) RETURNING +"artist_id", CAST(json_object('name', CASE WHEN typeof("name") <> 'blob' THEN CAST("name" AS TEXT) END) AS BLOB)
-- ['Y']

DELETE FROM "album" AS t1 WHERE t1."AlbumId" = ?
-- [3]
