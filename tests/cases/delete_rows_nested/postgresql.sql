SELECT t1."track_id"::text FROM "track" t1 WHERE t1."price" < $1::numeric
-- ['1']

SELECT (SELECT CASE WHEN octet_length(j.v) <= $1::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT (SELECT row_to_json("#") FROM (SELECT p1.c0::text AS "trackId", (SELECT row_to_json("#") FROM (SELECT p2.c0 AS "title" FROM (SELECT t2."Title" AS c0 FROM "album" t2 WHERE t2."AlbumId" = p1.c1) p2) "#") AS "albumByAlbum" FROM (SELECT t1."track_id" AS c0, t1."album" AS c1 FROM "track" t1 WHERE (t1."track_id" = $2::bigint)) p1) "#")::text AS v OFFSET 0) j)
-- what the server returned

DELETE FROM "track" AS t1 WHERE t1."price" < $1::numeric RETURNING "track_id"::text
-- ['1']
