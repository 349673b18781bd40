SET NOCOUNT ON; DECLARE @output int = 0; SET IDENTITY_INSERT [album] ON; IF EXISTS (SELECT 1 FROM [album] AS t1 WITH (UPDLOCK, HOLDLOCK) WHERE t1.[AlbumId] = CAST(? AS int)) BEGIN UPDATE t1 SET [Title] = ? FROM [album] AS t1 WHERE t1.[AlbumId] = CAST(? AS int) AND t1.[ArtistId] = CAST(? AS int); SET @output = @@ROWCOUNT; END ELSE BEGIN INSERT INTO [album] ([AlbumId], [Title], [ArtistId]) VALUES (CAST(? AS int), ?, CAST(? AS int)); SET @output = @@ROWCOUNT; END; SET IDENTITY_INSERT [album] OFF; SELECT [AlbumId] FROM [album] WHERE [AlbumId] = CAST(? AS int) AND @output > 0;
-- [7, 'New', 7, 1, 7, 'New', 1, 7]

SELECT LEFT(JSON_QUERY((SELECT TOP (1) p1.c0 AS [albumId], p1.c1 AS [title] FROM (SELECT t1.[AlbumId] AS c0, t1.[Title] AS c1, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS o FROM [album] t1 WHERE (t1.[AlbumId] = CAST(? AS int))) p1 FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)), CAST(? AS int) + 1)
-- what the server returned
