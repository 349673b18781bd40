SELECT CAST((SELECT json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = ?)) p1) AS BLOB)
-- [1]

SELECT CAST((SELECT json_object('aggregate', json_object('count', count(*))) FROM (SELECT 1 AS c0 FROM "album" t1) p1) AS BLOB)
-- []
