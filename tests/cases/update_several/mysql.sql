SELECT CASE WHEN NOT (CAST(CONVERT(t1.`na"me` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(%s USING utf8mb4) AS BINARY)) THEN 1 ELSE 0 END, CASE WHEN NOT (t1.`price` <=> %s) THEN 1 ELSE 0 END FROM `track` t1 WHERE t1.`track_id` = %s FOR UPDATE
-- ['One', Decimal('1.50'), 1]

UPDATE `track` SET `na"me` = %s WHERE `track_id` = %s
-- ['One', 1]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('na_me', p1.c0, 'price', CAST(p1.c1 AS CHAR)) FROM (SELECT t1.`na"me` AS c0, t1.`price` AS c1 FROM `track` t1 WHERE (t1.`track_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]
