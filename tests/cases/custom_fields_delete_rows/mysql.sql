SELECT CAST(t1.`track_id` AS CHAR) FROM `track` t1 WHERE t1.`price` >= %s FOR UPDATE
-- [Decimal('10')]

DELETE FROM `track` WHERE `track_id` = %s
-- what the server returned
