SELECT t1.[track_id] FROM [track] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[price] < CAST(? AS decimal(38, 10))
-- ['1']

DELETE FROM [track] WHERE [track_id] = CAST(? AS bigint)
-- what the server returned
