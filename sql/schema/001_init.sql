-- The first rung of the ladder: user_version 100 (major 1, minor 0). A released rung never changes.
-- Private tables begin with an underscore; the views are what others may read. Times are milliseconds since 1970
-- in tables and ISO 8601 UTC text in views.

-- Whose spool this is. The file's own device, inode and birth time betray a copy.
CREATE TABLE _spool (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    spool      TEXT    NOT NULL CHECK (length(spool) = 10),
    node       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    device     INTEGER NOT NULL,
    inode      INTEGER NOT NULL,
    born_at    INTEGER NOT NULL
) STRICT;

-- The collector's counters, changed in the transaction that appends: ids go on after a purge of everything, and
-- (writer, group_number) answers whether a group whose commit failed is there after all.
CREATE TABLE _intake (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    last_event_id  INTEGER NOT NULL,
    event_bytes    INTEGER NOT NULL, -- of all events ever
    last_reject_id INTEGER NOT NULL,
    reject_bytes   INTEGER NOT NULL, -- of all kept reject payloads ever
    writer         TEXT    NOT NULL,
    group_number   INTEGER NOT NULL,
    last_event_at  INTEGER           -- NULL: none yet
) STRICT;

-- One event a row, immutable. total_bytes is the running total up to and with this row: a batch of a given size is
-- found by bisection. The payload stands last, so that the other columns are read without it.
CREATE TABLE _event (
    id          INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    bytes       INTEGER NOT NULL, -- as received; length() would stop at a NUL
    source      TEXT    NOT NULL,
    sender      TEXT,
    uid         TEXT,
    name        TEXT,
    time        TEXT,
    source_name TEXT,
    payload     TEXT    NOT NULL
) STRICT;

CREATE TABLE _reject (
    id           INTEGER PRIMARY KEY,
    received_at  INTEGER NOT NULL,
    total_bytes  INTEGER NOT NULL, -- running total of the kept payloads
    bytes        INTEGER NOT NULL, -- true length
    source       TEXT    NOT NULL,
    reason       TEXT    NOT NULL CHECK (reason IN ('malformed', 'oversize', 'doctype', 'encoding', 'cut_off',
                                                    'stray_bytes', 'looks_like_http', 'looks_like_tls', 'too_deep')),
    detail       TEXT    NOT NULL,
    retried_at   INTEGER,
    dismissed_at INTEGER,
    payload      BLOB    NOT NULL
) STRICT;

CREATE INDEX _reject_received ON _reject (received_at);

-- Who has sent: one row for each sender and address; the longest silent go when there are many (trim_senders.sql).
CREATE TABLE _sender (
    sender           TEXT    NOT NULL,
    source           TEXT    NOT NULL,
    last_received_at INTEGER NOT NULL,
    day              INTEGER NOT NULL, -- of last_received_at, in days since 1970
    events_of_day    INTEGER NOT NULL,
    PRIMARY KEY (sender, source)
) STRICT, WITHOUT ROWID;

-- One batch a row: everything that shapes its object is fixed when it is sealed. Facts, not a state column: the state
-- follows from which of the times is set. Marking a batch shipped changes this row alone.
CREATE TABLE _batch (
    id             INTEGER PRIMARY KEY,
    kind           TEXT    NOT NULL CHECK (kind IN ('events', 'rejects')),
    first_id       INTEGER NOT NULL CHECK (first_id >= 1),
    last_id        INTEGER NOT NULL CHECK (last_id >= first_id),
    events         INTEGER NOT NULL CHECK (events = last_id - first_id + 1),
    bytes          INTEGER NOT NULL CHECK (bytes >= 0),
    destination    TEXT    NOT NULL, -- s3://bucket or file://directory
    object_key     TEXT    NOT NULL UNIQUE,
    format         TEXT    NOT NULL CHECK (format IN ('xml', 'json', 'ndjson')),
    metadata       INTEGER NOT NULL CHECK (metadata IN (0, 1)), -- EVENT_METADATA as it was
    spool          TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    sealed_at      INTEGER NOT NULL,
    sha256         TEXT,    -- of the stored bytes; set before their first PUT
    md5            TEXT,
    stored_bytes   INTEGER,
    attempts       INTEGER NOT NULL DEFAULT 0,
    unknown_since  INTEGER, -- a PUT was begun and nothing proves how it ended
    blocked_at     INTEGER, -- the store said no; a person is asked
    last_error     TEXT,
    remedy         TEXT,
    etag           TEXT,
    verified       INTEGER CHECK (verified IN (0, 1)),
    shipped_at     INTEGER,
    abandoned_at   INTEGER,
    reship_of      INTEGER REFERENCES _batch (id)
) STRICT;

CREATE UNIQUE INDEX _batch_range ON _batch (kind, first_id) WHERE reship_of IS NULL;
CREATE INDEX _batch_open ON _batch (kind, first_id) WHERE shipped_at IS NULL AND abandoned_at IS NULL;
CREATE INDEX _batch_shipped ON _batch (shipped_at) WHERE shipped_at IS NOT NULL;

-- What the uploader says of itself, and what is asked of it.
CREATE TABLE _uploader (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at        INTEGER,
    trial_mode     INTEGER NOT NULL DEFAULT 0 CHECK (trial_mode IN (0, 1)),
    last_error     TEXT,
    remedy         TEXT,
    rejects_travel INTEGER NOT NULL DEFAULT 1 CHECK (rejects_travel IN (0, 1)), -- REJECTS_PREFIX is not none
    flush_events   INTEGER NOT NULL DEFAULT 0, -- ship up to this event id now
    flush_rejects  INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO _intake VALUES (1, 0, 0, 0, 0, '', 0, NULL);
INSERT INTO _uploader (one) VALUES (1);

-- The first event that is not known to be shipped, and what has been shipped beyond it. It costs two index look-ups.
CREATE VIEW _frontier AS
SELECT coalesce((SELECT min(first_id) FROM _batch INDEXED BY _batch_open
                 WHERE kind = 'events' AND shipped_at IS NULL AND abandoned_at IS NULL),
                (SELECT max(last_id) FROM (SELECT last_id FROM _batch INDEXED BY _batch_range
                                           WHERE kind = 'events' AND reship_of IS NULL
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
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_range
                              WHERE r.kind = 'events' AND r.reship_of IS NULL AND r.first_id <= e.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= e.id;

CREATE VIEW backlog AS
SELECT id, received_at, sender, source, uid, name, time, source_name, bytes, state, shipped_at, object_key, batch_id
FROM events
WHERE id >= (SELECT first_id FROM _frontier) AND state <> 'shipped';

CREATE VIEW batches AS
SELECT id, kind,
       CASE WHEN shipped_at IS NOT NULL THEN 'shipped' WHEN abandoned_at IS NOT NULL THEN 'abandoned'
            WHEN blocked_at IS NOT NULL THEN 'blocked' ELSE 'sealed' END AS state,
       first_id, last_id, events, bytes, object_key, format, sha256, etag, attempts,
       strftime('%Y-%m-%dT%H:%M:%fZ', sealed_at / 1000.0, 'unixepoch') AS sealed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', shipped_at / 1000.0, 'unixepoch') AS shipped_at,
       verified, last_error, remedy, reship_of
FROM _batch;

CREATE VIEW rejects AS
SELECT j.id,
       strftime('%Y-%m-%dT%H:%M:%fZ', j.received_at / 1000.0, 'unixepoch') AS received_at,
       j.source, j.reason, j.detail, j.bytes,
       length(j.payload) < j.bytes AS truncated,
       CASE WHEN j.retried_at IS NOT NULL THEN 'retried' WHEN j.dismissed_at IS NOT NULL THEN 'dismissed'
            WHEN b.id IS NULL THEN 'pending' WHEN b.shipped_at IS NULL THEN 'sealed' ELSE 'shipped' END AS state,
       j.payload
FROM _reject j
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_range
                              WHERE r.kind = 'rejects' AND r.reship_of IS NULL AND r.first_id <= j.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= j.id;

CREATE VIEW senders AS
SELECT sender, source,
       strftime('%Y-%m-%dT%H:%M:%fZ', last_received_at / 1000.0, 'unixepoch') AS last_received_at,
       max(0, unixepoch() - last_received_at / 1000) AS silent_seconds,
       CASE WHEN day = unixepoch() / 86400 THEN events_of_day ELSE 0 END AS events_today
FROM _sender;

-- One row; every figure is a total or an index look-up, so it costs the same however large the spool is.
CREATE VIEW summary AS
SELECT i.last_event_id - f.first_id + 1
         - (SELECT coalesce(sum(events), 0) FROM _batch INDEXED BY _batch_range
            WHERE kind = 'events' AND reship_of IS NULL AND first_id >= f.first_id AND shipped_at IS NOT NULL)
         AS events,
       coalesce(i.event_bytes - o.total_bytes + o.bytes, 0)
         - (SELECT coalesce(sum(bytes), 0) FROM _batch INDEXED BY _batch_range
            WHERE kind = 'events' AND reship_of IS NULL AND first_id >= f.first_id AND shipped_at IS NOT NULL)
         AS bytes,
       max(0, unixepoch() - o.received_at / 1000) AS oldest_age_seconds,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.last_event_at / 1000.0, 'unixepoch') AS last_event_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT max(shipped_at) FROM _batch WHERE shipped_at IS NOT NULL) / 1000.0,
                'unixepoch') AS last_shipped_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', u.seen_at / 1000.0, 'unixepoch') AS uploader_seen_at,
       u.last_error, u.remedy,
       i.last_reject_id - coalesce((SELECT id FROM _reject WHERE received_at <= (unixepoch() - 86400) * 1000
                                    ORDER BY received_at DESC, id DESC LIMIT 1),
                                   (SELECT min(id) FROM _reject) - 1, i.last_reject_id) AS rejects_24h,
       (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS spool_bytes,
       u.trial_mode
FROM _intake i, _frontier f, _uploader u
LEFT JOIN _event o ON o.id = f.first_id;
