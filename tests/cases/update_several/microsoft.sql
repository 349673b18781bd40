SELECT CASE WHEN NOT EXISTS (SELECT CAST(CAST(t1.[na"me] AS nvarchar(max)) AS varbinary(max)) INTERSECT SELECT CAST(CAST(? AS nvarchar(max)) AS varbinary(max))) THEN 1 ELSE 0 END, CASE WHEN NOT EXISTS (SELECT t1.[price] INTERSECT SELECT CAST(? AS decimal(38, 10))) THEN 1 ELSE 0 END FROM [track] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[track_id] = CAST(? AS bigint)
-- ['One', '1.50', 1]

SET NOCOUNT ON; UPDATE [track] SET [na"me] = ? WHERE [track_id] = CAST(? AS bigint); SELECT 1 WHERE @@ROWCOUNT > 0;
-- ['One', 1]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [na_me], CONVERT(varchar(42), p1.c1) AS [price] FROM (SELECT t1.[na"me] AS c0, t1.[price] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [track] t1 WHERE (t1.[track_id] = CAST(? AS bigint))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [1, 20000000]
