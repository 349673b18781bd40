SELECT CASE WHEN ? <> 0 THEN 1 ELSE 0 END FROM "track" t1 WHERE t1."track_id" = ?
-- ['0.01', 1]

UPDATE "track" SET "price" = "price" + ? WHERE "track_id" = ?
-- ['0.01', 1]

SELECT CAST((SELECT json_object('price', gateway_decimal(p1.c0, NULL)) FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- [1]
