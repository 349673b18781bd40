UPDATE "album" AS t1 SET "Title" = $1::text WHERE t1."ArtistId" = $2::integer RETURNING "AlbumId"::text
-- ['Renamed', '1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0 AS "title" FROM (SELECT t1."Title" AS c0 FROM "album" t1 WHERE (t1."AlbumId" = $2::integer)) p1) "#")::text AS v OFFSET 0) j)
-- what the server returned
