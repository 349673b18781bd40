INSERT INTO "artist" AS t1 ("name") VALUES (%s::text) RETURNING "artist_id"::text
-- ['A']

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (%s::text, %s::integer) RETURNING "AlbumId"::text
-- what the server returned

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES (%s::text, %s::integer) RETURNING "AlbumId"::text
-- what the server returned

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = %s::integer)) p1) "#")::text
-- what the server returned
