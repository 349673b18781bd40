INSERT INTO "artist" AS t1 ("name") VALUES ($1::text) RETURNING "artist_id"::text, (SELECT CASE WHEN octet_length(j.v) <= $2::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT json_build_object('name', "name")::text AS v OFFSET 0) j)
-- ['Y', 20000000]

DELETE FROM "album" AS t1 WHERE t1."AlbumId" = $1::integer
-- ['3']
