DELETE FROM "track" AS t1 WHERE t1."price" >= ?
-- ['10']
