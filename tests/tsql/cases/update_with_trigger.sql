SELECT CASE WHEN NOT EXISTS (SELECT CAST(CAST(t1.[city] AS nvarchar(max)) AS varbinary(max)) INTERSECT SELECT CAST(CAST(? AS nvarchar(max)) AS varbinary(max))) THEN 1 ELSE 0 END, CASE WHEN NOT EXISTS (SELECT CAST(CAST(t1.[memo] AS nvarchar(max)) AS varbinary(max)) INTERSECT SELECT CAST(CAST(? AS nvarchar(max)) AS varbinary(max))) THEN 1 ELSE 0 END FROM [sales].[line item] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[id] = CAST(? AS int)
-- ['x', 'y', 1]

SET NOCOUNT ON; UPDATE [sales].[line item] SET [city] = ? WHERE [id] = CAST(? AS int); SELECT 1 WHERE @@ROWCOUNT > 0;
-- ['x', 1]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [id] FROM (SELECT t1.[id] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [1, 20000000]
