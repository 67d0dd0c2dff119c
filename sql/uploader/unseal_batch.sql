-- Remove the seal of a batch that is surely not stored and is the newest of its kind, so that its rows can be sealed
-- again under other settings.
DELETE FROM _batch
WHERE id = :id AND unknown_since IS NULL AND shipped_at IS NULL AND reship_of IS NULL
  AND first_id = (SELECT max(first_id) FROM _batch WHERE kind = :kind AND abandoned_at IS NULL AND is_copy = 0);
