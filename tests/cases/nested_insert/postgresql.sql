INSERT INTO "artist" AS t1 ("name") VALUES ($1::text) RETURNING "artist_id"::text
-- ['A']

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES ($1::text, $2::integer) RETURNING "AlbumId"::text
-- what the server returned

INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES ($1::text, $2::integer) RETURNING "AlbumId"::text
-- what the server returned

SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (t1."artist_id" = $1::integer)) p1) "#")::text
-- what the server returned
