SELECT LEFT(JSON_QUERY((SELECT CONVERT(varchar(42), p1.c0) AS [price] FROM (SELECT t1.[price] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [track] t1 WHERE (t1.[track_id] = CAST(? AS bigint))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- [5, 20000000]

DELETE FROM [track] WHERE [track_id] = CAST(? AS bigint)
-- [5]
