SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END))), zeroblob(2147483647)) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE t1."name" = ? ORDER BY t1."artist_id" LIMIT 100) p1) AS BLOB)
-- ['nobody']
