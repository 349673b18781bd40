SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('__typename', 'Artist'))), zeroblob(2147483647)) FROM (SELECT 1 AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 1) p1) AS BLOB)
-- []
