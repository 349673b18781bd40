SELECT t1.[track_id] FROM [track] t1 WITH (UPDLOCK, ROWLOCK) WHERE t1.[price] >= CAST(? AS decimal(38, 10))
-- ['10']

SET NOCOUNT ON; DELETE FROM [track] WHERE [track_id] = CAST(? AS bigint); SELECT 1 WHERE @@ROWCOUNT > 0;
-- what the server returned
