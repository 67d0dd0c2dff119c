-- One slice of the oldest events, if the batch that holds them was shipped before :before.
DELETE FROM _event
WHERE id BETWEEN (SELECT min(id) FROM _event)
      AND min((SELECT min(id) FROM _event) + :slice - 1,
              (SELECT CASE WHEN shipped_at <= :before THEN last_id ELSE 0 END
               FROM _batch INDEXED BY _batch_range
               WHERE kind = 'events' AND reship_of IS NULL AND first_id <= (SELECT min(id) FROM _event)
               ORDER BY first_id DESC LIMIT 1));
