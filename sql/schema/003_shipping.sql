-- The third rung of the ladder: user_version 102. What the uploader's side needs beyond the first version.

-- What else shapes an object's bytes; fixed, as all that does, when its batch is sealed.
ALTER TABLE _batch ADD COLUMN compression TEXT NOT NULL DEFAULT 'none' CHECK (compression IN ('none', 'gzip'));
ALTER TABLE _batch ADD COLUMN pretty INTEGER NOT NULL DEFAULT 0 CHECK (pretty IN (0, 1));
ALTER TABLE _batch ADD COLUMN dropped TEXT NOT NULL DEFAULT ''; -- DROP_FIELDS as it was: names, commas between
ALTER TABLE _batch ADD COLUMN omits_payload INTEGER NOT NULL DEFAULT 0 CHECK (omits_payload IN (0, 1)); -- of rejects

-- The rendition that was recorded before the present one, where nobody knows whether it was stored: a library's
-- upgrade has changed the bytes. An object with these is ours as well.
ALTER TABLE _batch ADD COLUMN earlier_sha256 TEXT;
ALTER TABLE _batch ADD COLUMN earlier_md5 TEXT;
ALTER TABLE _batch ADD COLUMN earlier_bytes INTEGER;

-- 1: sent again under a key of its own because a person asked for it (`reship --new-keys`): its events are in another
-- object, too, and their state follows from that one's batch.
ALTER TABLE _batch ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0 CHECK (is_copy IN (0, 1));

-- Incidents: few, and a person wants to see them.
CREATE INDEX _batch_abandoned ON _batch (abandoned_at) WHERE abandoned_at IS NOT NULL;

-- The batch that a row's state follows from: neither given up for another one over the same rows (reship_of names it
-- there), nor a copy. One for each range.
CREATE UNIQUE INDEX _batch_current ON _batch (kind, first_id) WHERE abandoned_at IS NULL AND is_copy = 0;

-- A clock for RETENTION that jumps of the wall clock do not move (uploader/spool/retention.h) and the wall clock's time when it
-- was stored; and what it showed when a batch was shipped.
ALTER TABLE _uploader ADD COLUMN kept_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _uploader ADD COLUMN kept_at INTEGER;
ALTER TABLE _batch ADD COLUMN kept_from INTEGER NOT NULL DEFAULT 0;
CREATE INDEX _batch_kept ON _batch (kept_from) WHERE shipped_at IS NOT NULL;

-- With REJECTS_PREFIX=none: rejects up to this one had come when that clock showed so much.
ALTER TABLE _uploader ADD COLUMN rejects_marked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE _uploader ADD COLUMN rejects_marked_at INTEGER NOT NULL DEFAULT 0;

-- The views as in the first rung, by the current batches.
DROP VIEW _frontier;
DROP VIEW events;
DROP VIEW rejects;
DROP VIEW summary;

CREATE VIEW _frontier AS
SELECT coalesce((SELECT first_id FROM _batch INDEXED BY _batch_open
                 WHERE kind = 'events' AND shipped_at IS NULL AND abandoned_at IS NULL AND is_copy = 0
                 ORDER BY first_id LIMIT 1),
                (SELECT max(last_id) FROM (SELECT last_id FROM _batch INDEXED BY _batch_current
                                           WHERE kind = 'events' AND abandoned_at IS NULL AND is_copy = 0
                                           ORDER BY first_id DESC LIMIT 1)) + 1,
                1) AS first_id;

CREATE VIEW events AS
SELECT e.id,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
       e.sender, e.source, e.uid, e.name, e.time, e.source_name, e.bytes,
       CASE WHEN b.id IS NULL THEN 'pending' WHEN b.shipped_at IS NULL THEN 'sealed' ELSE 'shipped' END AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.shipped_at / 1000.0, 'unixepoch') AS shipped_at,
       b.object_key,
       b.id AS batch_id,
       e.payload
FROM _event e
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_current
                              WHERE r.kind = 'events' AND r.abandoned_at IS NULL AND r.is_copy = 0
                                AND r.first_id <= e.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= e.id;

CREATE VIEW rejects AS
SELECT j.id,
       strftime('%Y-%m-%dT%H:%M:%fZ', j.received_at / 1000.0, 'unixepoch') AS received_at,
       j.source, j.reason, j.detail, j.bytes,
       length(j.payload) < j.bytes AS truncated,
       CASE WHEN j.retried_at IS NOT NULL THEN 'retried' WHEN j.dismissed_at IS NOT NULL THEN 'dismissed'
            WHEN b.id IS NULL THEN 'pending' WHEN b.shipped_at IS NULL THEN 'sealed' ELSE 'shipped' END AS state,
       j.payload
FROM _reject j
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_current
                              WHERE r.kind = 'rejects' AND r.abandoned_at IS NULL AND r.is_copy = 0
                                AND r.first_id <= j.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= j.id;

-- One row; every figure is a total or an index look-up, so it costs the same however large the spool is. Where nothing else
-- is wrong, last_error is an incident of the last day.
CREATE VIEW summary AS
SELECT i.last_event_id - f.first_id + 1
         - (SELECT coalesce(sum(events), 0) FROM _batch INDEXED BY _batch_current
            WHERE kind = 'events' AND abandoned_at IS NULL AND is_copy = 0 AND first_id >= f.first_id
              AND shipped_at IS NOT NULL)
         AS events,
       coalesce(i.event_bytes - o.total_bytes + o.bytes, 0)
         - (SELECT coalesce(sum(bytes), 0) FROM _batch INDEXED BY _batch_current
            WHERE kind = 'events' AND abandoned_at IS NULL AND is_copy = 0 AND first_id >= f.first_id
              AND shipped_at IS NOT NULL)
         AS bytes,
       max(0, unixepoch() - o.received_at / 1000) AS oldest_age_seconds,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.last_event_at / 1000.0, 'unixepoch') AS last_event_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT max(shipped_at) FROM _batch WHERE shipped_at IS NOT NULL) / 1000.0,
                'unixepoch') AS last_shipped_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', u.seen_at / 1000.0, 'unixepoch') AS uploader_seen_at,
       coalesce(u.last_error, (SELECT last_error FROM _batch INDEXED BY _batch_abandoned
                                 WHERE abandoned_at > (unixepoch() - 86400) * 1000 ORDER BY abandoned_at DESC LIMIT 1)) AS last_error,
       CASE WHEN u.last_error IS NOT NULL THEN u.remedy
            ELSE (SELECT remedy FROM _batch INDEXED BY _batch_abandoned
                                 WHERE abandoned_at > (unixepoch() - 86400) * 1000 ORDER BY abandoned_at DESC LIMIT 1) END AS remedy,
       i.last_reject_id - coalesce((SELECT id FROM _reject WHERE received_at <= (unixepoch() - 86400) * 1000
                                    ORDER BY received_at DESC, id DESC LIMIT 1),
                                   (SELECT min(id) FROM _reject) - 1, i.last_reject_id) AS rejects_24h,
       (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS spool_bytes,
       u.trial_mode
FROM _intake i, _frontier f, _uploader u
LEFT JOIN _event o ON o.id = f.first_id;
