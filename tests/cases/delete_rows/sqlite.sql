SELECT +t1."track_id" FROM "track" t1 WHERE t1."price" < ?
-- ['1']

DELETE FROM "track" WHERE "track_id" = ?
-- what the server returned
