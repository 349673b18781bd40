SELECT CASE WHEN t1."na""me" COLLATE "C" IS DISTINCT FROM $1::text COLLATE "C" THEN 1 ELSE 0 END, CASE WHEN t1."price"::text COLLATE "C" IS DISTINCT FROM $2::numeric::text COLLATE "C" THEN 1 ELSE 0 END FROM "track" t1 WHERE t1."track_id" = $3::bigint FOR UPDATE
-- ['One', '1.50', '1']

UPDATE "track" SET "na""me" = $1::text WHERE "track_id" = $2::bigint
-- ['One', '1']

WITH "#probed" (c0, c1) AS MATERIALIZED (SELECT CASE WHEN t1."na""me" COLLATE "C" IS DISTINCT FROM $1::text COLLATE "C" THEN 1 ELSE 0 END, CASE WHEN t1."price"::text COLLATE "C" IS DISTINCT FROM $2::numeric::text COLLATE "C" THEN 1 ELSE 0 END FROM "track" t1 WHERE t1."track_id" = $3::bigint FOR UPDATE), "#written" AS (UPDATE "track" SET "na""me" = $4::text WHERE "track_id" = $5::bigint AND (SELECT count(*) = 1 AND bool_and(c0 = 1 AND c1 = 0) FROM "#probed") RETURNING 1) SELECT *, (SELECT count(*) FROM "#written") FROM "#probed"
-- ['One', '1.50', '1', 'One', '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "na_me", nullif(nullif(nullif(p1.c1::text, 'NaN'), 'Infinity'), '-Infinity') AS "price" FROM (SELECT t1."na""me" AS c0, t1."price" AS c1 FROM "track" t1 WHERE (t1."track_id" = $2::bigint)) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '1']
