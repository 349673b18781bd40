SELECT CAST((SELECT json_group_array(json_object('id', gateway_base64(? || ':' || 'Artist' || ':' || replace(replace(coalesce(CAST(CASE WHEN typeof(p1.c0) = 'integer' AND p1.c0 BETWEEN -2147483648 AND 2147483647 THEN p1.c0 END AS TEXT), ''), '~', '~0'), ':', '~1')))) FROM (SELECT t1."artist_id" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 100) p1) AS BLOB)
-- what the server returned
