SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT json_build_object('aggregate', json_build_object('count', count(*))) FROM (SELECT 1 AS c0 FROM "track" t1 WHERE t1."price" < $2::numeric) p1)::text AS v OFFSET 0) j)
-- [20000000, '5']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT json_build_object('album', p1.c0) AS "keys", json_build_object('count', p1.c1) AS "aggregate" FROM (SELECT t1."album" AS c0, count(*) AS c1 FROM "track" t1 WHERE t1."price" < $2::numeric GROUP BY t1."album" ORDER BY t1."album" LIMIT 100::bigint) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '5']
