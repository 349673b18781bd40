INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (?, ?) RETURNING +"AlbumId", CAST(json_object('title', coalesce(CASE WHEN typeof("Title") <> 'blob' THEN CAST("Title" AS TEXT) END, 'gateway_mark')) AS BLOB)
-- ['T', 999]
