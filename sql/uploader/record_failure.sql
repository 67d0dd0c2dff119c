-- Record a failed attempt. A definite refusal proves that nothing was stored.
UPDATE _batch
SET last_error = :error, remedy = :remedy, blocked_at = CASE WHEN :is_blocked THEN coalesce(blocked_at, :now) END,
    unknown_since = CASE WHEN :is_definite THEN NULL ELSE unknown_since END
WHERE id = :id;
