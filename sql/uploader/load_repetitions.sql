-- The highest -rN that batches over any of these ids have used, and whether any of them may have been stored. Besides the
-- current batches over the ids these are all that were superseded by them, which lie in the chain of reship_of, and
-- copies, none of which reaches beyond the shipped batch that it is a copy of. The batch :reship_of has been superseded by
-- what is being sealed.
WITH RECURSIVE
here (from_id) AS (
    SELECT coalesce((SELECT first_id FROM _batch INDEXED BY _batch_current
                     WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0 AND first_id <= :first_id
                     ORDER BY first_id DESC LIMIT 1), :first_id)),
line (id, reship_of) AS (
    SELECT id, reship_of FROM _batch INDEXED BY _batch_current
    WHERE kind = :kind AND superseded_at IS NULL AND is_copy = 0
      AND first_id BETWEEN (SELECT from_id FROM here) AND :last_id
    UNION ALL
    SELECT id, reship_of FROM _batch INDEXED BY _batch_copies
    WHERE kind = :kind AND is_copy = 1 AND first_id BETWEEN (SELECT from_id FROM here) AND :last_id
    UNION ALL
    SELECT id, reship_of FROM _batch WHERE id = :reship_of
    UNION ALL
    SELECT b.id, b.reship_of FROM line JOIN _batch b ON b.id = line.reship_of)
SELECT coalesce(max(b.repetition), 0),
       coalesce(max(b.shipped_at IS NOT NULL OR b.unknown_since IS NOT NULL OR b.occupied_since IS NOT NULL), 0)
FROM line JOIN _batch b ON b.id = line.id
WHERE b.first_id <= :last_id AND b.last_id >= :first_id;
