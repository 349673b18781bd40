SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('artistId', CASE WHEN typeof(p1.c0) = 'integer' AND p1.c0 BETWEEN -2147483648 AND 2147483647 THEN p1.c0 END, 'name', CASE WHEN typeof(p1.c1) <> 'blob' THEN CAST(p1.c1 AS TEXT) END))), zeroblob(2147483647)) FROM (SELECT t1."artist_id" AS c0, t1."name" AS c1 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 100) p1) AS BLOB)
-- []
