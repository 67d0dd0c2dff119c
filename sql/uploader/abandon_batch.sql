-- Incident: other bytes are stored under the batch's key. The batch is abandoned, and supersede_batch.sql seals its
-- rows under another key in the same transaction. A batch that already replaces an abandoned one is not abandoned.
UPDATE _batch
SET abandoned_at = :now, last_error = :error, remedy = :remedy, unknown_since = NULL, blocked_at = NULL
WHERE id = :id AND reship_of IS NULL AND shipped_at IS NULL AND abandoned_at IS NULL;
