-- For `verify`: the batch over one event, and how far it is. It answers also when the event's row was purged, which happens
-- soon after shipping where space is short; no row: the event is in no batch yet.
SELECT b.id, b.state, b.first_id, b.last_id, b.object_key, b.verified, b.last_error, b.remedy, b.resolved_as
FROM batches b
WHERE b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_current
              WHERE r.kind = 'events' AND r.superseded_at IS NULL AND r.is_copy = 0 AND r.first_id <= :id
              ORDER BY r.first_id DESC LIMIT 1)
  AND b.last_id >= :id;
