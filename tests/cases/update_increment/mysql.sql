UPDATE `track` SET `price` = `price` + %s WHERE `track_id` = %s AND %s <> 0
-- [Decimal('0.01'), 1, Decimal('0.01')]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('price', CAST(p1.c0 AS CHAR)) FROM (SELECT t1.`price` AS c0 FROM `track` t1 WHERE (t1.`track_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]
