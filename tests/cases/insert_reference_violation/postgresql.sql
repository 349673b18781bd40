INSERT INTO "album" AS t1 ("Title", "ArtistId") VALUES ($1::text, $2::integer) RETURNING "AlbumId"::text, (SELECT CASE WHEN octet_length(j.v) <= $3::bigint THEN j.v ELSE ('gateway: the answer has too many bytes: ' || octet_length(j.v))::integer::text END FROM (SELECT json_build_object('title', "Title")::text AS v OFFSET 0) j)
-- ['T', '999', 20000000]
