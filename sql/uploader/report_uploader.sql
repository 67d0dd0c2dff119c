-- What the uploader says of itself: it lives, where it ships to, and what stands in its way.
UPDATE _uploader
SET seen_at = :now, trial_mode = :trial_mode, rejects_travel = :rejects_travel, last_error = :error, remedy = :remedy,
    kept_ms = :kept_ms, kept_at = :now;
