SELECT +p1.k0, CAST(json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) AS BLOB) FROM (SELECT t1."artist_id" AS k0, t1."name" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" DESC LIMIT 3) p1 ORDER BY p1.k0 LIMIT -1
-- []
