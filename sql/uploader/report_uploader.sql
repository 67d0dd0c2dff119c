-- The uploader reports that it lives, whether it ships to a directory (trial mode), and its current trouble.
UPDATE _uploader
SET seen_at = :now, trial_mode = :trial_mode, ships_rejects = :ships_rejects, last_error = :error, remedy = :remedy,
    kept_ms = :kept_ms, kept_at = :now;
