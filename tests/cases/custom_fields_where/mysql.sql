SELECT LEFT(CAST(JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('trackId', CAST(p1.c0 AS CHAR))), '[]') FROM (SELECT t1.`track_id` AS c0 FROM `track` t1 WHERE (t1.`price` > %s AND t1.`price` <= %s AND t1.`at` IS NULL) ORDER BY t1.`track_id` LIMIT 100) p1)) AS BINARY), %s + 1)
-- [Decimal('0.99'), Decimal('2.50'), 20000000]
