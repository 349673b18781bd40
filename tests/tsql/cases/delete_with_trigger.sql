SELECT t1.[id] FROM [sales].[line item] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[city] = ?
-- ['x']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [id] FROM (SELECT t1.[id] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned

SET NOCOUNT ON; DELETE FROM [sales].[line item] WHERE [id] = CAST(? AS int); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
