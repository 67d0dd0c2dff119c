-- Where the tiling of a kind begins: the first row of its oldest current batch, without those that stay because they were
-- resolved.
SELECT first_id FROM _batch INDEXED BY _batch_current
WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0 AND resolved_as IS NULL ORDER BY first_id LIMIT 1;
