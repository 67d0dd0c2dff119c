-- The same for rejects.
DELETE FROM _reject
WHERE id BETWEEN (SELECT min(id) FROM _reject)
      AND min((SELECT min(id) FROM _reject) + :slice - 1,
              (SELECT CASE WHEN shipped_at <= :before THEN last_id ELSE 0 END
               FROM _batch INDEXED BY _batch_range
               WHERE kind = 'rejects' AND reship_of IS NULL AND first_id <= (SELECT min(id) FROM _reject)
               ORDER BY first_id DESC LIMIT 1));
