SET NOCOUNT ON; DECLARE @output TABLE ([AlbumId] integer); INSERT INTO [album] ([Title], [ArtistId]) OUTPUT INSERTED.[AlbumId] INTO @output VALUES (?, CAST(? AS int));  SELECT [AlbumId] FROM @output;
-- ['T', 999]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [title] FROM (SELECT t1.[Title] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [album] t1 WHERE (t1.[AlbumId] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
