SELECT t1.[track_id] FROM [track] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[price] < CAST(? AS decimal(38, 10))
-- ['1']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) CAST(p1.c0 AS varchar(20)) AS [trackId], JSON_QUERY((SELECT CONVERT(varchar(42), p1.c1) AS [price], LEFT(CONVERT(varchar(27), CAST(SWITCHOFFSET(p1.c2, '+00:00') AS datetime2(7)), 126), 19) + CASE WHEN SUBSTRING(CONVERT(varchar(27), CAST(SWITCHOFFSET(p1.c2, '+00:00') AS datetime2(7)), 126), 21, 6) = '000000' THEN '' ELSE '.' + REPLACE(RTRIM(REPLACE(SUBSTRING(CONVERT(varchar(27), CAST(SWITCHOFFSET(p1.c2, '+00:00') AS datetime2(7)), 126), 21, 6), '0', ' ')), ' ', '0') END + '+00:00' AS [at] FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)) AS [customFields] FROM (SELECT t1.[track_id] AS c0, t1.[price] AS c1, t1.[at] AS c2, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [track] t1 WHERE (t1.[track_id] = CAST(? AS bigint))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned

SET NOCOUNT ON; UPDATE [track] SET [price] = CAST(? AS decimal(38, 10)) WHERE [track_id] = CAST(? AS bigint); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
