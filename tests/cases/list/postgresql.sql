SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT p1.c0 AS "artistId", p1.c1 AS "name" FROM (SELECT t1."artist_id" AS c0, t1."name" AS c1 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 100::bigint) p1) "#")::text
-- []
