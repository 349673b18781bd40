SELECT CAST((SELECT json_object('aggregate', json_object('count', count(DISTINCT p1.c0))) FROM (SELECT t1."album" AS c0 FROM "track" t1) p1) AS BLOB)
-- []
