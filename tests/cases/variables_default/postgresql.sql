SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0 AS "artistId" FROM (SELECT t1."artist_id" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT $2::bigint) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, 2]
