SET NOCOUNT ON; DECLARE @output TABLE ([id] int); INSERT INTO [sales].[line item] ([name], [city], [at]) OUTPUT INSERTED.[id] INTO @output VALUES (?, ?, CAST(? AS datetime2(7)));  SELECT [id] FROM @output;
-- ['a', 'Łódź', '2024-01-01T10:00:00']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [id], p1.c1 AS [city], p1.c2 AS [version] FROM (SELECT t1.[id] AS c0, t1.[city] AS c1, t1.[version] AS c2, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
