SELECT CAST((SELECT json_group_array(json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END)) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE EXISTS (SELECT 1 FROM "album" t2 WHERE t2."ArtistId" = t1."artist_id" AND EXISTS (SELECT 1 FROM "track" t3 WHERE t3."album" = t2."AlbumId" AND t3."price" >= ?)) ORDER BY t1."artist_id" LIMIT 100) p1) AS BLOB)
-- ['2']
