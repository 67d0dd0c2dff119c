-- What `status`, the page and the metrics show of the spool, as one row: times in ms since 1970, NULL where there is none.
-- Like the view `summary`, on which it builds, it costs the same however much was shipped.
SELECT i.last_event_id, i.event_bytes, i.received_bytes, i.last_reject_id, i.last_event_at,
       s.events, s.bytes,
       CASE WHEN s.events > 0 THEN (SELECT received_at FROM _event WHERE id = (SELECT first_id FROM _frontier)) END,
       s.rejects_24h, s.abandoned_events, s.spool_bytes,
       (SELECT freelist_count FROM pragma_freelist_count) * (SELECT page_size FROM pragma_page_size),
       (SELECT max(shipped_at) FROM _batch WHERE shipped_at IS NOT NULL),
       u.seen_at, u.trial_mode, s.last_error, s.remedy, u.version, u.started_at, u.destination, u.rotation_ms,
       u.max_file_bytes,
       c.version, c.started_at, c.min_free_bytes, c.max_bytes,
       p.created_at, p.first_id
FROM summary s, _intake i, _uploader u, _collector c, _spool p;
