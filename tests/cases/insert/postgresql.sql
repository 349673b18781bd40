INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES ($1::text, $2::integer) RETURNING "AlbumId"::text
-- ['x', '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "albumId", (SELECT row_to_json("#") FROM (SELECT p2.c0 AS "name" FROM (SELECT t2."name" AS c0 FROM "artist" t2 WHERE t2."artist_id" = p1.c1) p2) "#") AS "artist" FROM (SELECT t1."AlbumId" AS c0, t1."ArtistId" AS c1 FROM "album" t1 WHERE (t1."AlbumId" = $2::integer)) p1) "#")::text AS v OFFSET 0) j)
-- what the server returned
