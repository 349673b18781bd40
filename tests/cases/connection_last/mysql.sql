SELECT CAST(p1.k0 AS CHAR), LEFT(CAST(JSON_OBJECT('name', p1.c0) AS BINARY), %s + 1) FROM (SELECT t1.`artist_id` AS k0, t1.`name` AS c0 FROM `artist` t1 ORDER BY t1.`artist_id` DESC LIMIT 3) p1 ORDER BY p1.k0
-- [20000000]
