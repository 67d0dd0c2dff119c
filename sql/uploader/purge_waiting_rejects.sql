-- With REJECTS_PREFIX=none: delete one slice of the oldest rejects that are in no batch, if they were marked before
-- :before.
DELETE FROM _reject
WHERE id IN (SELECT id FROM _reject
             WHERE id > coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                  WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                                  ORDER BY first_id DESC LIMIT 1), 0)
               AND id <= (SELECT CASE WHEN rejects_marked_at <= :before THEN rejects_marked ELSE 0 END FROM _uploader)
             ORDER BY id LIMIT :slice);
