-- Add to a counter for monitoring (docs/reference-status.md) what has become of a batch. It runs in the transaction that
-- records it, before the batch is marked: of a batch that is shipped already nothing is counted once more.
INSERT INTO _counter (name, label, value, last_at)
SELECT :name, :label, :by, :now WHERE EXISTS (SELECT 1 FROM _batch WHERE id = :batch_id AND shipped_at IS NULL)
ON CONFLICT (name, label) DO UPDATE SET value = value + excluded.value, last_at = excluded.last_at;
