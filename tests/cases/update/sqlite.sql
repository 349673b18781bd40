UPDATE "artist" SET "name" = ? WHERE "artist_id" = ? AND "name" COLLATE BINARY IS NOT ?
-- ['x', 1, 'x']

SELECT CAST((SELECT json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = ?)) p1) AS BLOB)
-- [1]
