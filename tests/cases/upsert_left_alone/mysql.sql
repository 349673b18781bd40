INSERT INTO `artist` (`name`) VALUES (IF((@gateway := 0) = 0, %s, NULL)) ON DUPLICATE KEY UPDATE `name` = IF(VALUES(`name`) <=> `artist`.`name`, IF((@gateway := IF(1 = 0, 2, 1)), `artist`.`name`, `artist`.`name`), (SELECT 1 UNION SELECT 2)) RETURNING CAST(`artist_id` AS CHAR), LEFT(CAST(JSON_OBJECT('name', `name`) AS BINARY), %s + 1), @gateway = 1
-- ['Ada', 20000000]
