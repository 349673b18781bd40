SET NOCOUNT ON; UPDATE [track] SET [price] = [price] + CAST(? AS decimal(38, 10)) WHERE [track_id] = CAST(? AS bigint) AND CAST(? AS decimal(38, 10)) <> 0; SELECT 1 WHERE @@ROWCOUNT > 0;
-- ['0.01', 1, '0.01']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) CONVERT(varchar(42), p1.c0) AS [price] FROM (SELECT t1.[price] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [track] t1 WHERE (t1.[track_id] = CAST(? AS bigint))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [1, 20000000]
