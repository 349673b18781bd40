SET NOCOUNT ON; DECLARE @output TABLE ([artist_id] integer); INSERT INTO [artist] ([name]) OUTPUT INSERTED.[artist_id] INTO @output VALUES (?);  SELECT [artist_id] FROM @output;
-- ['Y']

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [name] FROM (SELECT t1.[name] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [artist] t1 WHERE (t1.[artist_id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned

SELECT t1.[AlbumId] FROM [album] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[AlbumId] = CAST(? AS int)
-- [3]

SET NOCOUNT ON; DELETE FROM [album] WHERE [AlbumId] = CAST(? AS int); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
