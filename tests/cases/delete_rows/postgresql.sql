SELECT t1."track_id"::text FROM "track" t1 WHERE t1."price" < $1::numeric FOR UPDATE
-- ['1']

DELETE FROM "track" WHERE "track_id" = $1::bigint
-- what the server returned
