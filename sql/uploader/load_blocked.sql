-- What an earlier process has left that only a person can help, in the order of its rows: was the batch
-- refused by itself, since when, how often it was tried, and why.
SELECT refused_status IS NOT NULL, coalesce(blocked_at, sealed_at), attempts, last_error, remedy
FROM _batch INDEXED BY _batch_open
WHERE shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL AND kind = :kind
  AND (blocked_at IS NOT NULL OR refused_status IS NOT NULL)
ORDER BY first_id;
