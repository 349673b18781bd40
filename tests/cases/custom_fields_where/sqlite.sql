SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('trackId', CASE WHEN typeof(p1.c0) = 'integer' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END))), zeroblob(2147483647)) FROM (SELECT t1."track_id" AS c0 FROM "track" t1 WHERE (t1."price" > ? AND t1."price" <= ? AND t1."at" IS NULL) ORDER BY t1."track_id" LIMIT 100) p1) AS BLOB)
-- ['0.99', '2.50']
