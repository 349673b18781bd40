SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0::text AS "trackId" FROM (SELECT t1."track_id" AS c0 FROM "track" t1 WHERE t1."price" >= $2::numeric ORDER BY t1."track_id" LIMIT 100::bigint) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '2.50']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0::text AS "trackId" FROM (SELECT t1."track_id" AS c0 FROM "track" t1 WHERE t1."at" IS NOT NULL ORDER BY t1."track_id" LIMIT 100::bigint) p1) "#")::text AS v OFFSET 0) j)
-- [20000000]

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0::text AS "trackId" FROM (SELECT t1."track_id" AS c0 FROM "track" t1 WHERE t1."price" = ANY($2::numeric[]) ORDER BY t1."track_id" LIMIT 100::bigint) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '{"0.99","10"}']
