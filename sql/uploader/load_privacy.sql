-- For `rejects export` while no uploader runs: did the last one withhold something? The service has recorded it; of what
-- commands have shipped, the newest batch of rejects was sealed without payloads, or that of events without some fields.
SELECT omits_payload
    OR coalesce((SELECT omits_payload FROM _batch INDEXED BY _batch_current
                 WHERE kind = 'rejects' AND superseded_at IS NULL AND is_copy = 0
                 ORDER BY first_id DESC LIMIT 1), 0)
    OR coalesce((SELECT dropped <> '' FROM _batch INDEXED BY _batch_current
                 WHERE kind = 'events' AND superseded_at IS NULL AND is_copy = 0
                 ORDER BY first_id DESC LIMIT 1), 0)
FROM _uploader;
