SELECT CASE WHEN t1."name" IS DISTINCT FROM %s::text THEN 1 ELSE 0 END, CASE WHEN t1."name" IS DISTINCT FROM %s::text THEN 1 ELSE 0 END, json_build_object('name', t1."name")::text FROM "artist" t1 WHERE t1."artist_id" = %s::integer FOR UPDATE
-- ['x', 'y', '1']

UPDATE "artist" SET "name" = %s::text WHERE "artist_id" = %s::integer
-- ['x', '1']

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = %s::integer)) p1) "#")::text
-- ['1']

SELECT json_build_object('name', t1."name")::text FROM "artist" t1 WHERE t1."artist_id" = %s::integer FOR UPDATE
-- ['1']
