SELECT LEFT(CAST((SELECT JSON_OBJECT('aggregate', JSON_OBJECT('count', count(*))) FROM (SELECT 1 AS c0 FROM `track` t1 WHERE t1.`price` < %s) p1) AS BINARY), %s + 1)
-- [Decimal('5'), 20000000]

SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('keys', JSON_OBJECT('album', p1.c0), 'aggregate', JSON_OBJECT('count', p1.c1))), '[]') FROM (SELECT t1.`album` AS c0, count(*) AS c1 FROM `track` t1 WHERE t1.`price` < %s GROUP BY t1.`album` ORDER BY t1.`album` IS NULL ASC, t1.`album` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [Decimal('5'), 20000000]
