SELECT CAST(t1.`track_id` AS CHAR) FROM `track` t1 WHERE t1.`price` < %s FOR UPDATE
-- [Decimal('1')]

SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('trackId', CAST(p1.c0 AS CHAR), 'customFields', JSON_OBJECT('price', CAST(p1.c1 AS CHAR), 'at', CASE WHEN p1.c2 >= '0001-01-01' AND MONTH(p1.c2) > 0 AND DAYOFMONTH(p1.c2) > 0 THEN CONCAT(TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM DATE_FORMAT(p1.c2, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f'))), '+00:00') END)) FROM (SELECT t1.`track_id` AS c0, t1.`price` AS c1, t1.`at` AS c2 FROM `track` t1 WHERE (t1.`track_id` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned

UPDATE `track` SET `price` = %s WHERE `track_id` = %s
-- what the server returned
