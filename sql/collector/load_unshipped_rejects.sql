-- Bytes that unshipped rejects take: those behind the newest batch, and those in open batches; in each case without the
-- retried and dismissed ones. Batches that are shipped, superseded or abandoned, and copies, do not count. It costs some steps for
-- each open batch and for each reject that is left out.
SELECT reject_bytes
       - coalesce((SELECT total_bytes - row_bytes FROM _reject
                   WHERE id > coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                        WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                                        ORDER BY first_id DESC LIMIT 1), 0)
                   ORDER BY id LIMIT 1), reject_bytes)
       - coalesce((SELECT sum(row_bytes) FROM _reject INDEXED BY _reject_settled
                   WHERE (retried_at IS NOT NULL OR dismissed_at IS NOT NULL)
                     AND id > coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                                        WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                                        ORDER BY first_id DESC LIMIT 1), 0)), 0)
       + coalesce((SELECT sum(b.bytes - coalesce((SELECT sum(row_bytes) FROM _reject INDEXED BY _reject_settled
                                                  WHERE (retried_at IS NOT NULL OR dismissed_at IS NOT NULL)
                                                    AND id BETWEEN b.first_id AND b.last_id), 0))
                   FROM _batch b INDEXED BY _batch_open
                   WHERE b.kind = 'rejects' AND b.shipped_at IS NULL AND b.superseded_at IS NULL
                     AND b.abandoned_at IS NULL AND b.is_copy = 0), 0)
FROM _intake;
