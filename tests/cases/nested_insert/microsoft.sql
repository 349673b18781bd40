SET NOCOUNT ON; DECLARE @told TABLE ([artist_id] integer); INSERT INTO [artist] ([name]) OUTPUT INSERTED.[artist_id] INTO @told ([artist_id]) VALUES (?);  SELECT [artist_id] FROM @told;
-- ['A']

SET NOCOUNT ON; DECLARE @told TABLE ([AlbumId] integer); INSERT INTO [album] ([Title], [ArtistId]) OUTPUT INSERTED.[AlbumId] INTO @told ([AlbumId]) VALUES (?, CAST(? AS int));  SELECT [AlbumId] FROM @told;
-- what the server returned

SET NOCOUNT ON; DECLARE @told TABLE ([AlbumId] integer); INSERT INTO [album] ([Title], [ArtistId]) OUTPUT INSERTED.[AlbumId] INTO @told ([AlbumId]) VALUES (?, CAST(? AS int));  SELECT [AlbumId] FROM @told;
-- what the server returned

SELECT JSON_QUERY((SELECT p1.c0 AS [name] FROM (SELECT t1.[name] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [artist] t1 WHERE (t1.[artist_id] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER))
-- what the server returned
