SELECT CASE WHEN NOT (CAST(CONVERT(t1.`name` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(%s USING utf8mb4) AS BINARY)) THEN 1 ELSE 0 END, CASE WHEN NOT (CAST(CONVERT(t1.`name` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(%s USING utf8mb4) AS BINARY)) THEN 1 ELSE 0 END, LEFT(CAST(JSON_OBJECT('name', t1.`name`) AS BINARY), %s + 1) FROM `artist` t1 WHERE t1.`artist_id` = %s FOR UPDATE
-- ['x', 'somebody', 20000000, 1]

UPDATE `artist` SET `name` = %s WHERE `artist_id` = %s
-- ['x', 1]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('name', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('c0', p1.c0) FROM (SELECT t1.`name` AS c0 FROM `artist` t1 WHERE (t1.`artist_id` = %s)) p1)) AS BINARY), %s + 1)
-- [1, 20000000]
