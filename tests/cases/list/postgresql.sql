SELECT (SELECT coalesce(json_agg(json_build_object('artistId', p1.c0, 'name', p1.c1)), '[]'::json) FROM (SELECT t1."artist_id" AS c0, t1."name" AS c1 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT %s::bigint) p1)::text
-- [100]
