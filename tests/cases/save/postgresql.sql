SELECT CASE WHEN t1."name" IS DISTINCT FROM $1::text THEN 1 ELSE 0 END, CASE WHEN t1."name" IS DISTINCT FROM $2::text THEN 1 ELSE 0 END, json_build_object('name', t1."name")::text FROM "artist" t1 WHERE t1."artist_id" = $3::integer FOR UPDATE
-- ['x', 'y', '1']

UPDATE "artist" SET "name" = $1::text WHERE "artist_id" = $2::integer
-- ['x', '1']

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $1::integer)) p1) "#")::text
-- ['1']

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "c0" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $1::integer)) p1) "#")::text
-- ['1']
