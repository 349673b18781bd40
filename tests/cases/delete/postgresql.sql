SELECT (SELECT row_to_json("#") FROM (SELECT nullif(nullif(nullif(p1.c0::text, 'NaN'), 'Infinity'), '-Infinity') AS "price" FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE (t1."track_id" = $1::bigint)) p1) "#")::text
-- ['5']

DELETE FROM "track" WHERE "track_id" = $1::bigint
-- ['5']
