SELECT (SELECT coalesce(json_agg("#"), '[]'::json) FROM (SELECT translate(encode(convert_to($1::text || ':' || 'Artist' || ':' || replace(replace((to_json(p1.c0) #>> '{}'), '~', '~0'), ':', '~1'), 'UTF8'), 'base64'), E'\n', '') AS "id" FROM (SELECT t1."artist_id" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 100::bigint) p1) "#")::text
-- what the server returned
