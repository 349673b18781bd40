SET NOCOUNT ON; UPDATE [artist] SET [name] = ? WHERE [artist_id] = CAST(? AS int) AND NOT EXISTS (SELECT CAST(CAST([name] AS nvarchar(max)) AS varbinary(max)) INTERSECT SELECT CAST(CAST(? AS nvarchar(max)) AS varbinary(max))); SELECT 1 WHERE @@ROWCOUNT > 0;
-- ['x', 999, 'x']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [name] FROM (SELECT t1.[name] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [artist] t1 WHERE (t1.[artist_id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [999, 20000000]
