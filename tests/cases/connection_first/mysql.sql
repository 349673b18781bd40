SELECT CAST(p1.k0 AS CHAR), LEFT(CAST(JSON_OBJECT('name', p1.c0) AS BINARY), %s + 1), (SELECT count(*) FROM `artist` t2) FROM (SELECT 1 AS one) o LEFT JOIN (SELECT t1.`artist_id` AS k0, t1.`name` AS c0 FROM `artist` t1 ORDER BY t1.`artist_id` LIMIT 3) p1 ON 1 = 1 ORDER BY p1.k0
-- [20000000]
