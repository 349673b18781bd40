SELECT +t1."track_id" FROM "track" t1 WHERE t1."price" < ?
-- ['1']

SELECT CAST((SELECT json_object('trackId', CASE WHEN typeof(p1.c0) = 'integer' THEN CAST(p1.c0 AS TEXT) ELSE 'gateway_mark' END, 'price', gateway_decimal(p1.c1, NULL)) FROM (SELECT t1."track_id" AS c0, t1."price" AS c1 FROM "track" t1 WHERE (t1."track_id" = ?)) p1) AS BLOB)
-- what the server returned

DELETE FROM "track" AS t1 WHERE t1."price" < ? RETURNING +"track_id"
-- ['1']
