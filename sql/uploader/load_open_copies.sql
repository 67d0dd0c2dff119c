-- How many copies are not shipped yet, from batch :from_id on; and what stands in the way of one of them.
SELECT count(*), max(last_error), remedy FROM _batch INDEXED BY _batch_open
WHERE kind IN ('events', 'rejects') AND shipped_at IS NULL AND abandoned_at IS NULL AND is_copy AND id >= :from_id;
