-- An incident: other bytes are under the batch's key. It is given up for one under another key (supersede_batch.sql, in the
-- same transaction); one that has been put in another's place already is not.
UPDATE _batch
SET abandoned_at = :now, last_error = :error, remedy = :remedy, unknown_since = NULL, blocked_at = NULL
WHERE id = :id AND reship_of IS NULL AND shipped_at IS NULL AND abandoned_at IS NULL;
