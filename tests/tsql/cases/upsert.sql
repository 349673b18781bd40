SET NOCOUNT ON; DECLARE @output int = 0; SET IDENTITY_INSERT [sales].[line item] ON; IF EXISTS (SELECT 1 FROM [sales].[line item] AS t1 WITH (UPDLOCK, HOLDLOCK) WHERE t1.[id] = CAST(? AS int)) BEGIN UPDATE t1 SET [city] = ? FROM [sales].[line item] AS t1 WHERE t1.[id] = CAST(? AS int); SET @output = @@ROWCOUNT; END ELSE BEGIN INSERT INTO [sales].[line item] ([id], [city]) VALUES (CAST(? AS int), ?); SET @output = @@ROWCOUNT; END; SET IDENTITY_INSERT [sales].[line item] OFF; SELECT [id] FROM [sales].[line item] WHERE [id] = CAST(? AS int) AND @output > 0;
-- [7, 'b', 7, 7, 'b', 7]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [id] FROM (SELECT t1.[id] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [sales].[line item] t1 WHERE (t1.[id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
