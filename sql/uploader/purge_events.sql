-- Delete one slice of the oldest events, if their batch was shipped when the retention clock showed :before or less,
-- and no copy of that batch is still to be shipped.
DELETE FROM _event
WHERE id BETWEEN (SELECT min(id) FROM _event)
      AND min((SELECT min(id) FROM _event) + :slice - 1,
              (SELECT CASE WHEN shipped_at IS NOT NULL AND kept_from <= :before THEN last_id ELSE 0 END
               FROM _batch INDEXED BY _batch_current
               WHERE kind = 'events' AND abandoned_at IS NULL AND is_copy = 0
                 AND first_id <= (SELECT min(id) FROM _event)
               ORDER BY first_id DESC LIMIT 1),
              coalesce((SELECT min(first_id) - 1 FROM _batch INDEXED BY _batch_open
                        WHERE kind = 'events' AND shipped_at IS NULL AND abandoned_at IS NULL),
                       9223372036854775807));
