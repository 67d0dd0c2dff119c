-- The newest batches of events that were shipped from :from on, the last one first: when, and how many events.
SELECT shipped_at, events FROM _batch INDEXED BY _batch_shipped
WHERE shipped_at IS NOT NULL AND shipped_at >= :from AND kind = 'events' AND is_copy = 0
ORDER BY shipped_at DESC LIMIT :most;
