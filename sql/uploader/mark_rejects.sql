-- REJECTS_PREFIX=none: the rejects of now may go when another :keep_ms have passed; those marked before have gone.
UPDATE _uploader
SET rejects_marked = (SELECT last_reject_id FROM _intake), rejects_marked_at = :kept_ms
WHERE rejects_marked_at <= :kept_ms - :keep_ms;
