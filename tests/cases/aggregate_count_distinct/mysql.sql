SELECT LEFT(CAST((SELECT JSON_OBJECT('aggregate', JSON_OBJECT('count', count(DISTINCT p1.c0))) FROM (SELECT t1.`album` AS c0 FROM `track` t1) p1) AS BINARY), %s + 1)
-- [20000000]
