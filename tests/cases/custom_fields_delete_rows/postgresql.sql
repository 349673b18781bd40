DELETE FROM "track" AS t1 WHERE t1."price" >= $1::numeric
-- ['10']
