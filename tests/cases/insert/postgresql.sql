INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES ($1::text, $2::integer) RETURNING "AlbumId"::text
-- ['x', '1']

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "albumId", (SELECT row_to_json("#") FROM (SELECT p2.c0 AS "name" FROM (SELECT t2."name" AS c0 FROM "artist" t2 WHERE t2."artist_id" = p1.c1) p2) "#") AS "artist" FROM (SELECT t1."AlbumId" AS c0, t1."ArtistId" AS c1 FROM "album" t1 WHERE (t1."AlbumId" = $1::integer)) p1) "#")::text
-- what the server returned
