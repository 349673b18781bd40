INSERT INTO "artist" AS t1 ("name") VALUES (?) RETURNING +"artist_id"
-- ['X']

INSERT INTO "artist" AS t1 ("name") VALUES (?) RETURNING +"artist_id"
-- [None]

SELECT CAST((SELECT json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = ?)) p1) AS BLOB)
-- what the server returned
