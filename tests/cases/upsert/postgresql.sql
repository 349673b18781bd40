INSERT INTO "album" AS t1 ("AlbumId", "Title", "ArtistId") VALUES ($1::integer, $2::text, $3::integer) ON CONFLICT ("AlbumId") DO UPDATE SET "Title" = excluded."Title" WHERE t1."ArtistId" = $4::integer RETURNING "AlbumId"::text, json_build_object('albumId', "AlbumId", 'title', "Title")::text
-- ['7', 'New', '1', '1']
