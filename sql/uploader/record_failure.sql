-- Record a failed attempt. A definite refusal proves that nothing was stored. A refusal of this batch alone stays known
-- while other troubles keep it from being tried.
UPDATE _batch
SET last_error = :error, remedy = :remedy, blocked_at = CASE WHEN :is_blocked THEN coalesce(blocked_at, :now) END,
    unknown_since = CASE WHEN :is_definite THEN NULL ELSE unknown_since END,
    occupied_since = CASE WHEN :is_occupied THEN coalesce(occupied_since, :now) ELSE occupied_since END,
    refused_status = coalesce(:refused_status, refused_status),
    refused_code = CASE WHEN :refused_status IS NULL THEN refused_code ELSE :refused_code END
WHERE id = :id AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;
