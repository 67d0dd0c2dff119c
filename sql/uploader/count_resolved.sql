-- Count the current batches of a kind up to :last_id that a person has settled, and their rows. Those whose rows have left the
-- spool are no longer counted; nor is what the uploader itself gave up.
SELECT count(*), coalesce(sum(events), 0)
FROM _batch INDEXED BY _batch_resolved
WHERE kind = :kind AND resolved_as IS NOT NULL AND superseded_at IS NULL AND is_copy = 0 AND has_rows = 1
  AND first_id <= :last_id AND resolved_by <> 'uploader';
