SELECT CASE WHEN NOT (CAST(CONVERT(t1.`name` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(%s USING utf8mb4) AS BINARY)) THEN 1 ELSE 0 END FROM `artist` t1 WHERE t1.`artist_id` = %s FOR UPDATE
-- ['x', 999]

UPDATE `artist` SET `name` = %s WHERE `artist_id` = %s
-- ['x', 999]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- [999, 20000000]
