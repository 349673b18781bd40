INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (?, ?) RETURNING +"AlbumId", CAST(json_object('title', CASE WHEN typeof("Title") <> 'blob' THEN CAST("Title" AS TEXT) ELSE 'gateway_mark' END) AS BLOB)
-- ['T', 999]
