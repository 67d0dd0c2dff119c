-- Where the tiling of a kind begins: the first row of its oldest current batch, without those that stay because they were
-- resolved, once that is as long ago as :before and their rows are gone. Until then a person may take them back, and the
-- batches that they superseded show which -rN an object over their ids has used.
SELECT first_id FROM _batch INDEXED BY _batch_current
WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0
  AND (resolved_as IS NULL OR has_rows = 1 OR kept_from > :before)
ORDER BY first_id LIMIT 1;
