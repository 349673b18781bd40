SELECT CASE WHEN t1."na""me" COLLATE BINARY IS NOT ? THEN 1 ELSE 0 END, CASE WHEN t1."price" IS NOT ? THEN 1 ELSE 0 END FROM "track" t1 WHERE t1."track_id" = ?
-- ['One', '1.50', 1]

UPDATE "track" SET "na""me" = ? WHERE "track_id" = ?
-- ['One', 1]

SELECT CAST((SELECT json_object('na_me', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END, 'price', gateway_decimal(p1.c1, NULL)) FROM (SELECT t1."na""me" AS c0, t1."price" AS c1 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- [1]
