-- With REJECTS_PREFIX=none: mark the rejects that are here now. They may be purged when another :keep_ms have passed;
-- those marked before are gone by then.
UPDATE _uploader
SET rejects_marked = (SELECT last_reject_id FROM _intake), rejects_marked_at = :kept_ms
WHERE rejects_marked_at <= :kept_ms - :keep_ms;
