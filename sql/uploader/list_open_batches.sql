-- What is to be shipped, in the order in which it was sealed, from behind :after_id on: as much of it as decides what is
-- tried next.
SELECT id, kind, first_id, is_copy, unknown_since IS NOT NULL, occupied_since IS NOT NULL, refused_status, refused_code
FROM _batch INDEXED BY _batch_open_ids
WHERE shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL AND id > :after_id ORDER BY id;
