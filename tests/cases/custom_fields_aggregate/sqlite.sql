SELECT CAST((SELECT json_object('aggregate', json_object('count', count(*))) FROM (SELECT 1 AS c0 FROM "track" t1 WHERE t1."price" < ?) p1) AS BLOB)
-- ['5']

SELECT CAST((SELECT coalesce(printf('[%s]', group_concat(json_object('keys', json_object('album', CASE WHEN typeof(p1.c0) = 'integer' AND p1.c0 BETWEEN -2147483648 AND 2147483647 THEN p1.c0 END), 'aggregate', json_object('count', p1.c1)))), zeroblob(2147483647)) FROM (SELECT t1."album" AS c0, count(*) AS c1 FROM "track" t1 WHERE t1."price" < ? GROUP BY t1."album" ORDER BY t1."album" NULLS LAST LIMIT 100) p1) AS BLOB)
-- ['5']
