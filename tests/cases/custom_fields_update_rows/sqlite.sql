UPDATE "track" AS t1 SET "price" = ? WHERE t1."price" < ? RETURNING +"track_id"
-- ['1.00', '1']

SELECT CAST((SELECT json_object('trackId', CASE WHEN typeof(p1.c0) = 'integer' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END, 'customFields', json_object('price', gateway_decimal(p1.c1, NULL), 'at', CASE WHEN p1.c2 IS NULL THEN NULL WHEN length(p1.c2) = 19 AND datetime(p1.c2, '+0 days') = replace(p1.c2, 'T', ' ') AND p1.c2 >= '0001' THEN replace(p1.c2, ' ', 'T') || '+00:00' ELSE gateway_datetime(p1.c2) END)) FROM (SELECT t1."track_id" AS c0, t1."price" AS c1, t1."at" AS c2 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- what the server returned
