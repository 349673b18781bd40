SET NOCOUNT ON; DECLARE @output TABLE ([code] varchar(40) COLLATE Polish_CI_AS); INSERT INTO [tag] ([code], [label]) OUTPUT INSERTED.[code] INTO @output VALUES (?, ?);  SELECT [code] FROM @output;
-- ['Łódź', 'x']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [code], p1.c1 AS [label] FROM (SELECT t1.[code] AS c0, t1.[label] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [tag] t1 WHERE (t1.[code] = ?)) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
