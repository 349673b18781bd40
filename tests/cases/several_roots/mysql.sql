SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]

SELECT LEFT(CAST((SELECT JSON_OBJECT('aggregate', JSON_OBJECT('count', count(*))) FROM (SELECT 1 AS c0 FROM `album` t1) p1) AS BINARY), %s + 1)
-- [20000000]
