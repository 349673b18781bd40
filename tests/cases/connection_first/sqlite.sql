SELECT +p1.k0, CAST(json_object('name', CASE WHEN typeof(p1.c0) <> 'blob' THEN CAST(p1.c0 AS TEXT) END) AS BLOB), (SELECT count(*) FROM "artist" t2) FROM (SELECT 1 AS one) o LEFT JOIN (SELECT t1."artist_id" AS k0, t1."name" AS c0 FROM "artist" t1 ORDER BY t1."artist_id" LIMIT 3) p1 ON 1 = 1 ORDER BY p1.k0 LIMIT -1
-- []
