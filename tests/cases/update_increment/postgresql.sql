UPDATE "track" SET "price" = "price" + $1::numeric WHERE "track_id" = $2::bigint AND $3::numeric <> 0
-- ['0.01', '1', '0.01']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT nullif(nullif(nullif(p1.c0::text, 'NaN'), 'Infinity'), '-Infinity') AS "price" FROM (SELECT t1."price" AS c0 FROM "track" t1 WHERE (t1."track_id" = $2::bigint)) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '1']
