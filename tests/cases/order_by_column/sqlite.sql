SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('trackId', CASE WHEN typeof(p1.c0) = 'integer' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END, 'price', gateway_decimal(p1.c1, NULL)))), zeroblob(2147483647)) FROM (SELECT t1."track_id" AS c0, t1."price" AS c1 FROM "track" t1 ORDER BY t1."price" DESC, t1."track_id" LIMIT 100) p1) AS BLOB)
-- []
