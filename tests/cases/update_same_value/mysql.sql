UPDATE `artist` SET `name` = %s WHERE `artist_id` = %s AND NOT (CAST(CONVERT(`name` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(%s USING utf8mb4) AS BINARY))
-- ['Ada', 1, 'Ada']

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]
