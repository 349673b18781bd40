SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0 AS "name" FROM (SELECT t1."name" AS c0 FROM "artist" t1 WHERE EXISTS (SELECT 1 FROM "album" t2 WHERE t2."ArtistId" = t1."artist_id" AND EXISTS (SELECT 1 FROM "track" t3 WHERE t3."album" = t2."AlbumId" AND t3."price" >= $1::numeric)) ORDER BY t1."artist_id" LIMIT 100::bigint) p1) "#")::text
-- ['2']
