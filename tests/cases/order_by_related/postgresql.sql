SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0 AS "title" FROM (SELECT t1."Title" AS c0 FROM "album" t1 ORDER BY (SELECT t2."name" FROM "artist" t2 WHERE t2."artist_id" = t1."ArtistId") DESC NULLS LAST, t1."Title", t1."AlbumId" LIMIT 100::bigint) p1) "#")::text
-- []
