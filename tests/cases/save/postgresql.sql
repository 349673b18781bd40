SELECT CASE WHEN t1."name" COLLATE "C" IS DISTINCT FROM $1::text COLLATE "C" THEN 1 ELSE 0 END, CASE WHEN t1."name" COLLATE "C" IS DISTINCT FROM $2::text COLLATE "C" THEN 1 ELSE 0 END, (SELECT CASE WHEN octet_length(j.v) <= $3::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT json_build_object('name', t1."name")::text AS v OFFSET 0) j) FROM "artist" t1 WHERE t1."artist_id" = $4::integer FOR UPDATE
-- ['x', 'y', 20000000, '1']

UPDATE "artist" SET "name" = $1::text WHERE "artist_id" = $2::integer
-- ['x', '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $2::integer)) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "c0" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $2::integer)) p1) "#")::text AS v OFFSET 0) j)
-- [20000000, '1']
