-- Somebody has decided what becomes of the batch: :word is shipped, reseal or abandoned. With reseal, supersede_batch.sql
-- and the parts follow in the same transaction. RETENTION counts from now on. What was wrong with a batch that now counts
-- as shipped is no longer true.
UPDATE _batch
SET resolved_as = :word, resolved_at = :now, resolved_by = :by, resolved_note = :note,
    shipped_at = CASE :word WHEN 'shipped' THEN :now END,
    abandoned_at = CASE :word WHEN 'abandoned' THEN :now WHEN 'reseal' THEN abandoned_at END,
    verified = CASE :word WHEN 'shipped' THEN 0 ELSE verified END,
    kept_from = CASE :word WHEN 'reseal' THEN kept_from ELSE :kept_ms END,
    unknown_since = CASE :word WHEN 'shipped' THEN NULL ELSE unknown_since END,
    occupied_since = CASE :word WHEN 'shipped' THEN NULL ELSE occupied_since END,
    blocked_at = CASE :word WHEN 'reseal' THEN blocked_at END,
    refused_status = CASE :word WHEN 'reseal' THEN refused_status END,
    refused_code = CASE :word WHEN 'reseal' THEN refused_code END,
    last_error = CASE :word WHEN 'shipped' THEN NULL ELSE last_error END,
    remedy = CASE :word WHEN 'shipped' THEN NULL ELSE remedy END
WHERE id = :id AND shipped_at IS NULL AND superseded_at IS NULL;
