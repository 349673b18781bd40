SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('artistId', CASE WHEN typeof(p1.c0) = 'integer' AND p1.c0 BETWEEN -2147483648 AND 2147483647 THEN p1.c0 ELSE 'gateway_mark' END))), zeroblob(2147483647)) FROM (SELECT t1."artist_id" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT ?) p1) AS BLOB)
-- [2]
