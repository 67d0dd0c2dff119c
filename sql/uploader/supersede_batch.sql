-- The batch's rows live on in others, which are sealed in the same transaction; :is_occupied: because something else is
-- under its key. Nothing happens to a batch that is shipped or was superseded; nor, unless :may_be_stored, to one that may
-- be in the store or was given up.
UPDATE _batch
SET superseded_at = :now, abandoned_at = NULL, blocked_at = NULL, refused_status = NULL, refused_code = NULL,
    occupied_since = CASE WHEN :is_occupied THEN coalesce(occupied_since, :now) ELSE occupied_since END
WHERE id = :id AND shipped_at IS NULL AND superseded_at IS NULL
  AND (:may_be_stored OR (unknown_since IS NULL AND occupied_since IS NULL AND abandoned_at IS NULL));
