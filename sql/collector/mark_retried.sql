-- Marks a reject in the transaction that appends its events and what is left of it. No row changes if it was retried,
-- dismissed or purged, or if its row stands for further rejects meanwhile (join_rejects.sql).
UPDATE _reject SET retried_at = :now
WHERE id = :id AND retried_at IS NULL AND dismissed_at IS NULL AND length(payload) = bytes;
