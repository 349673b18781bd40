UPDATE "track" AS t1 SET "price" = $1::numeric WHERE t1."price" < $2::numeric RETURNING "track_id"::text
-- ['1.00', '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0::text AS "trackId", json_build_object('price', nullif(nullif(nullif(p1.c1::text, 'NaN'), 'Infinity'), '-Infinity'), 'at', CASE WHEN p1.c2 >= '0001-01-01+00' AND p1.c2 < '10000-01-01+00' THEN p1.c2 END) AS "customFields" FROM (SELECT t1."track_id" AS c0, t1."price" AS c1, t1."at" AS c2 FROM "track" t1 WHERE (t1."track_id" = $2::bigint)) p1) "#")::text AS v OFFSET 0) j)
-- what the server returned
