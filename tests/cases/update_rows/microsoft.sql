SELECT t1.[AlbumId] FROM [album] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[ArtistId] = CAST(? AS int)
-- [1]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [title] FROM (SELECT t1.[Title] AS c0, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [album] t1 WHERE (t1.[AlbumId] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned

SET NOCOUNT ON; UPDATE [album] SET [Title] = ? WHERE [AlbumId] = CAST(? AS int); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
