SELECT p1.k0::text, (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT json_build_object('name', p1.c0)::text AS v OFFSET 0) j) FROM (SELECT t1."artist_id" AS k0, t1."name" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" DESC LIMIT 3::bigint) p1 ORDER BY p1.k0
-- [20000000]
