SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE (SELECT count(*) FROM "album" t2 WHERE t2."ArtistId" = t1."artist_id" AND t2."Title" LIKE $1::text) > $2::bigint ORDER BY t1."artist_id" LIMIT 100::bigint) p1) "#")::text
-- ['A%', '1']
