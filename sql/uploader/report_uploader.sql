-- The uploader reports that it lives, what it is and how it works, whether it ships to a directory (trial mode), and its
-- current trouble.
UPDATE _uploader
SET seen_at = :now, trial_mode = :trial_mode, ships_rejects = :ships_rejects, last_error = :error, remedy = :remedy,
    version = :version, started_at = :started_at, destination = :destination, rotation_ms = :rotation_ms,
    max_file_bytes = :max_file_bytes, kept_ms = :kept_ms, kept_at = :now;
