UPDATE "artist" SET "name" = $1::text WHERE "artist_id" = $2::integer AND "name" COLLATE "C" IS DISTINCT FROM $3::text COLLATE "C"
-- ['Ada', '1', 'Ada']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $2::integer)) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '1']
