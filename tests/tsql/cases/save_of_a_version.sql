SELECT CASE WHEN NOT EXISTS (SELECT CAST(CAST(t1.[name] AS nvarchar(max)) AS varbinary(max)) INTERSECT SELECT CAST(CAST(? AS nvarchar(max)) AS varbinary(max))) THEN 1 ELSE 0 END, CASE WHEN NOT EXISTS (SELECT CAST(t1.[version] AS binary(8)) INTERSECT SELECT CAST(CAST(? AS varbinary(max)) AS binary(8))) THEN 1 ELSE 0 END, LEFT(JSON_QUERY((SELECT t1.[name] AS [name] FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1) FROM [sales].[line item] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[id] = CAST(? AS int)
-- ['x', b'\x00\x00\x00\x00\x00\x00\x07\xd1', 20000000, 1]

SET NOCOUNT ON; UPDATE [sales].[line item] SET [name] = ? WHERE [id] = CAST(? AS int); SELECT 1 WHERE @@ROWCOUNT > 0;
-- ['x', 1]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [name], p1.c1 AS [version] FROM (SELECT t1.[name] AS c0, t1.[version] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [1, 20000000]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [c0] FROM (SELECT t1.[name] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [1, 20000000]
