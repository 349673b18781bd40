SELECT t1.[track_id] FROM [track] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[price] < CAST(? AS decimal(38, 10))
-- ['1']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) CAST(p1.c0 AS varchar(20)) AS [trackId], CONVERT(varchar(42), p1.c1) AS [price] FROM (SELECT t1.[track_id] AS c0, t1.[price] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [track] t1 WHERE (t1.[track_id] = CAST(? AS bigint))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned

SET NOCOUNT ON; DELETE FROM [track] WHERE [track_id] = CAST(? AS bigint); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
