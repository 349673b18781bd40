SELECT CAST(t1.`track_id` AS CHAR) FROM `track` t1 WHERE t1.`price` < %s FOR UPDATE
-- [Decimal('1')]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('trackId', CAST(p1.c0 AS CHAR), 'price', CAST(p1.c1 AS CHAR)) FROM (SELECT t1.`track_id` AS c0, t1.`price` AS c1 FROM `track` t1 WHERE (t1.`track_id` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned

DELETE FROM `track` WHERE `track_id` = %s
-- what the server returned
