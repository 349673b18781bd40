SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('price', CAST(p1.c0 AS CHAR)) FROM (SELECT t1.`price` AS c0 FROM `track` t1 WHERE (t1.`track_id` = %s)) p1)) AS BINARY), %s + 1)
-- [5, 20000000]

DELETE FROM `track` WHERE `track_id` = %s
-- [5]
