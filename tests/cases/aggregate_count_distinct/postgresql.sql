SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT json_build_object('aggregate', json_build_object('count', count(DISTINCT p1.c0))) FROM (SELECT t1."album" AS c0 FROM "track" t1) p1)::text AS v OFFSET 0) j)
-- [20000000]
