SET NOCOUNT ON; DECLARE @output TABLE ([artist_id] integer); INSERT INTO [artist] ([name]) OUTPUT INSERTED.[artist_id] INTO @output VALUES (?);  SELECT [artist_id] FROM @output;
-- ['New']

SET NOCOUNT ON; DECLARE @output TABLE ([AlbumId] integer); INSERT INTO [album] ([Title], [ArtistId]) OUTPUT INSERTED.[AlbumId] INTO @output VALUES (?, CAST(? AS int));  SELECT [AlbumId] FROM @output;
-- what the server returned

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [title], JSON_QUERY((SELECT TOP (1) p2.c0 AS [name] FROM (SELECT t2.[name] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [artist] t2 WHERE t2.[artist_id] = p1.c1) p2 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)) AS [artist] FROM (SELECT t1.[Title] AS c0, t1.[ArtistId] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [album] t1 WHERE (t1.[AlbumId] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
