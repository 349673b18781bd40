SELECT LEFT(CAST(JSON_COMPACT((SELECT JSON_OBJECT('nodeId', REPLACE(TO_BASE64(CONCAT(%s, ':', 'Album', ':', replace(replace(COALESCE(CAST(p1.c0 AS CHAR), ''), '~', '~0'), ':', '~1'))), '\n', ''), 'title', p1.c1) FROM (SELECT t1.`AlbumId` AS c0, t1.`Title` AS c1 FROM `album` t1 WHERE (t1.`AlbumId` = %s)) p1)) AS BINARY), %s + 1)
-- what the server returned
