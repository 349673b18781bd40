INSERT INTO "artist" AS t1 ("name") VALUES (?) ON CONFLICT ("name") DO NOTHING RETURNING +"artist_id", CAST(json_object('name', CASE WHEN typeof("name") <> 'blob' THEN CAST("name" AS TEXT) END) AS BLOB)
-- ['Ada']
