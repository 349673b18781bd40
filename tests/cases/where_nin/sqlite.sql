SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('title', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END))), zeroblob(2147483647)) FROM (SELECT t1."Title" AS c0 FROM "album" t1 WHERE t1."Title" NOT IN (SELECT value FROM json_each(?)) ORDER BY t1."AlbumId" LIMIT 100) p1) AS BLOB)
-- ['["First","Second"]']
