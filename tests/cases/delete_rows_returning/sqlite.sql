DELETE FROM "track" AS t1 WHERE t1."price" < ? RETURNING +"track_id", CAST(json_object('trackId', CASE WHEN typeof("track_id") = 'integer' THEN CAST("track_id" AS TEXT) ELSE 'gateway_mark' END, 'price', gateway_decimal("price", NULL)) AS BLOB)
-- ['1']
