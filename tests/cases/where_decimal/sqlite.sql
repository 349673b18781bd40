SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('price', gateway_decimal(p1.c0, NULL)))), zeroblob(2147483647)) FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE t1."price" = ? ORDER BY t1."track_id" LIMIT 100) p1) AS BLOB)
-- ['0.99']
