-- With REJECTS_PREFIX=none: a batch of rejects that is to be shipped, is surely not stored, and whose rows were marked
-- before :before.
SELECT b.id, u.rejects_marked_at
FROM _uploader u
JOIN _batch b INDEXED BY _batch_open
     ON b.kind = 'rejects' AND b.shipped_at IS NULL AND b.superseded_at IS NULL AND b.abandoned_at IS NULL
        AND b.first_id <= u.rejects_marked
WHERE u.rejects_marked_at <= :before AND b.last_id <= u.rejects_marked AND b.unknown_since IS NULL
  AND b.occupied_since IS NULL
LIMIT 1;
