SELECT +t1."track_id" FROM "track" t1 WHERE t1."price" < ?
-- ['1']

SELECT CAST((SELECT json_object('trackId', CASE WHEN typeof(p1.c0) = 'integer' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END, 'albumByAlbum', (SELECT json_object('title', CASE WHEN typeof(p2.c0) <> 'blob' THEN CAST(p2.c0 AS TEXT) ELSE 'gateway_mark' END) FROM (SELECT t2."Title" AS c0 FROM "album" t2 WHERE t2."AlbumId" = p1.c1) p2)) FROM (SELECT t1."track_id" AS c0, t1."album" AS c1 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- what the server returned

DELETE FROM "track" AS t1 WHERE t1."price" < ? RETURNING +"track_id"
-- ['1']
