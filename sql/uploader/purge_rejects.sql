-- Delete one slice of the oldest rejects, as purge_events.sql.
DELETE FROM _reject
WHERE id BETWEEN (SELECT min(id) FROM _reject)
      AND min((SELECT min(id) FROM _reject) + :slice - 1,
              (SELECT CASE WHEN shipped_at IS NOT NULL AND kept_from <= :before THEN last_id ELSE 0 END
               FROM _batch INDEXED BY _batch_current
               WHERE kind = 'rejects' AND abandoned_at IS NULL AND is_copy = 0
                 AND first_id <= (SELECT min(id) FROM _reject)
               ORDER BY first_id DESC LIMIT 1),
              coalesce((SELECT min(first_id) - 1 FROM _batch INDEXED BY _batch_open
                        WHERE kind = 'rejects' AND shipped_at IS NULL AND abandoned_at IS NULL),
                       9223372036854775807));
