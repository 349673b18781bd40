SELECT CAST((SELECT json_object('price', gateway_decimal(p1.c0, NULL)) FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- [999]

DELETE FROM "track" WHERE "track_id" = ?
-- [999]
