UPDATE "track" SET "price" = "price" + ? WHERE "track_id" = ? AND ? <> 0
-- ['0.01', 1, '0.01']

SELECT CAST((SELECT json_object('price', gateway_decimal(p1.c0, NULL)) FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- [1]
