-- Delete old batches whose rows are gone: from the beginning of the tiling on, so that no hole appears in its middle, and
-- never the newest one of a kind, because sealing goes on behind its last id. What was resolved by hand stays; while it has
-- its rows, so does what follows, because a person may take it back. (A batch that is to be shipped has its rows.)
DELETE FROM _batch INDEXED BY _batch_current
WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0 AND resolved_as IS NULL
  AND first_id < min((SELECT first_id FROM _batch n INDEXED BY _batch_current
                      WHERE n.kind = :kind AND n.superseded_at IS NULL AND n.is_copy = 0
                      ORDER BY n.first_id DESC LIMIT 1),
                     coalesce((SELECT first_id FROM _batch n INDEXED BY _batch_current
                               WHERE n.kind = :kind AND n.superseded_at IS NULL AND n.is_copy = 0
                                 AND (n.has_rows = 1 OR (n.kept_from > :before AND n.resolved_as IS NULL))
                               ORDER BY n.first_id LIMIT 1), 9223372036854775807));
