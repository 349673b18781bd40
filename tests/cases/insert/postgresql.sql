INSERT INTO "album" ("Title", "ArtistId") VALUES (%s::text, %s::integer) RETURNING "AlbumId"::text
-- ['x', '1']

SELECT (SELECT json_build_object('albumId', p1.c0, 'artist', (SELECT json_build_object('name', p2.c0) FROM (SELECT t2."name" AS c0 FROM "artist" t2 WHERE t2."artist_id" = p1.c1) p2)) FROM (SELECT t1."AlbumId" AS c0, t1."ArtistId" AS c1 FROM "album" t1 WHERE (t1."AlbumId" = %s::integer)) p1)::text
-- the returned key
