-- The first rung of the ladder: user_version 117 (major 1, minor 17). A released rung never changes.
-- Private tables begin with an underscore. The views are public: anybody may read them. Times are milliseconds since
-- 1970 in tables, and ISO 8601 text in UTC in views. A flag is 0 or 1.

-- The spool's identity, and the file that it was drawn for: a copy has another device, inode or birth time.
CREATE TABLE _spool (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    spool      TEXT    NOT NULL CHECK (length(spool) = 10),
    node       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    first_id   INTEGER NOT NULL, -- of the first event that is shipped under this name
    device     INTEGER NOT NULL,
    inode      INTEGER NOT NULL,
    born_at    INTEGER NOT NULL -- 0: the file system does not know it
) STRICT;

-- The collector's counters. They change in the transaction that appends, so ids go on after everything was purged, and
-- (writer, group_number) shows whether a group was committed although its commit reported an error.
CREATE TABLE _intake (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    last_event_id  INTEGER NOT NULL,
    event_bytes    INTEGER NOT NULL, -- the sum over all events that were ever received
    received_bytes INTEGER NOT NULL, -- all bytes that were ever read, separators included
    last_event_at  INTEGER,          -- NULL: no event was received yet
    last_reject_id INTEGER NOT NULL,
    reject_bytes   INTEGER NOT NULL, -- the sum of row_bytes over all rejects that were ever kept
    writer         TEXT    NOT NULL,
    group_number   INTEGER NOT NULL,
    low_space      INTEGER NOT NULL CHECK (low_space IN (0, 1)) -- 1: shipped events need not be kept for RETENTION
) STRICT;

-- What the running collector says of itself, for `status` and monitoring: written once at its start. The last two times
-- are written every now and then, for the next one: since when it has been listening to its senders without a long
-- interruption, and when it was last seen to listen (collector/gate/listening.h).
CREATE TABLE _collector (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    version         TEXT,             -- NULL: none has run yet that says so
    started_at      INTEGER,
    min_free_bytes  INTEGER,          -- SPOOL_MIN_FREE
    max_bytes       INTEGER,          -- SPOOL_MAX_SIZE; 0: no ceiling
    listening_since INTEGER,          -- 0: no long interruption is known
    listened_at     INTEGER           -- 0: never
) STRICT;

-- Counters for monitoring, which outlive restarts and purges. A name belongs to one program, which alone changes its
-- rows: docs/reference-status.md lists them.
CREATE TABLE _counter (
    name    TEXT    NOT NULL,
    label   TEXT    NOT NULL, -- '': the name has one row
    value   INTEGER NOT NULL,
    last_at INTEGER NOT NULL, -- when it last changed
    PRIMARY KEY (name, label)
) STRICT, WITHOUT ROWID;

-- Alerts, one for each occurrence of a problem, so that a restart of the uploader neither forgets nor repeats one: those
-- that are not over, and those that ended in the last 12 hours (uploader/alert/policy.h). The severity follows from the code.
CREATE TABLE _alert (
    id          TEXT    PRIMARY KEY, -- the same for begin, reminders and end
    stage       TEXT    NOT NULL CHECK (stage IN ('waiting', 'open', 'ended', 'closed')),
    code        TEXT    NOT NULL,
    program     TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    remedy      TEXT    NOT NULL,
    since       INTEGER NOT NULL, -- when the problem began
    in_doubt    INTEGER NOT NULL CHECK (in_doubt IN (0, 1)), -- 1: the receiver may have taken a begin without saying so
    lasted_ms   INTEGER NOT NULL, -- for how long the problem was seen
    saved_at    INTEGER NOT NULL,
    begun_at    INTEGER,          -- when the begin was taken; NULL: it was not
    told_at     INTEGER,          -- when the begin or the last reminder was taken
    away_at     INTEGER,          -- NULL: the problem was there; else since when it has been away
    closed_at   INTEGER,          -- when the end was taken, or given up
    reminders   INTEGER NOT NULL, -- how many were taken
    repetitions INTEGER NOT NULL  -- how often it had come back before
) STRICT, WITHOUT ROWID;

-- One event a row; rows never change. total_bytes is the running total up to and with this row, so that bisection finds
-- where a batch of a given size ends. The payload is the last column, so that the others are read without it.
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

-- One reject a row, or many of one sender above REJECTS_MAX_SIZE: then `bytes` is their sum. row_bytes is what the row
-- takes in this file, with its overhead; total_bytes is its running total up to and with this row.
CREATE TABLE _reject (
    id           INTEGER PRIMARY KEY,
    received_at  INTEGER NOT NULL,
    total_bytes  INTEGER NOT NULL,
    row_bytes    INTEGER NOT NULL,
    bytes        INTEGER NOT NULL, -- as received; the payload may be only the beginning
    source       TEXT    NOT NULL,
    reason       TEXT    NOT NULL CHECK (reason IN ('malformed', 'oversize', 'doctype', 'encoding', 'cut_off',
                                                    'stray_bytes', 'looks_like_http', 'looks_like_tls', 'too_deep',
                                                    'unknown_element')),
    detail       TEXT    NOT NULL,
    retried_at   INTEGER,
    dismissed_at INTEGER,
    encoding     TEXT    NOT NULL, -- as decided when it was received; '': none was declared
    namespaces   TEXT    NOT NULL, -- declarations of the wrappers around it, as in a start tag
    payload      BLOB    NOT NULL
) STRICT;

CREATE INDEX _reject_received ON _reject (received_at);

-- Rejects that were retried or dismissed: they do not count against REJECTS_MAX_SIZE.
CREATE INDEX _reject_settled ON _reject (id, row_bytes, retried_at, dismissed_at)
    WHERE retried_at IS NOT NULL OR dismissed_at IS NOT NULL;

-- Who has sent events: one row for each sender and address. If there are many, those that have been silent for the
-- longest time are deleted (trim_senders.sql).
CREATE TABLE _sender (
    sender           TEXT    NOT NULL,
    source           TEXT    NOT NULL,
    last_received_at INTEGER NOT NULL,
    day              INTEGER NOT NULL, -- of last_received_at, in days since 1970
    events_of_day    INTEGER NOT NULL,
    events           INTEGER NOT NULL, -- in all
    days             INTEGER NOT NULL, -- on how many days it has sent
    PRIMARY KEY (sender, source)
) STRICT, WITHOUT ROWID;

-- One batch a row. Everything that shapes its object is fixed when it is sealed. It has no column for its state, which
-- follows from the times that are set. Marking a batch as shipped changes this row alone.
CREATE TABLE _batch (
    id             INTEGER PRIMARY KEY,

    -- Its rows.
    kind           TEXT    NOT NULL CHECK (kind IN ('events', 'rejects')),
    first_id       INTEGER NOT NULL CHECK (first_id >= 1),
    last_id        INTEGER NOT NULL CHECK (last_id >= first_id),
    events         INTEGER NOT NULL CHECK (events = last_id - first_id + 1),
    bytes          INTEGER NOT NULL CHECK (bytes >= 0),

    -- Its object: where it goes, and what shapes its bytes.
    destination    TEXT    NOT NULL, -- s3://bucket or file://directory
    object_key     TEXT    NOT NULL UNIQUE,
    format         TEXT    NOT NULL CHECK (format IN ('xml', 'json', 'ndjson')),
    compression    TEXT    NOT NULL CHECK (compression IN ('none', 'gzip')),
    metadata       INTEGER NOT NULL CHECK (metadata IN (0, 1)),      -- EVENT_METADATA
    pretty         INTEGER NOT NULL CHECK (pretty IN (0, 1)),        -- PRETTY_PRINT_JSON
    dropped        TEXT    NOT NULL,                                 -- DROP_FIELDS: names, with commas between them
    omits_payload  INTEGER NOT NULL CHECK (omits_payload IN (0, 1)), -- of rejects: REJECTS_PAYLOAD
    spool          TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    sealed_at      INTEGER NOT NULL,

    -- Its rendition, recorded before the first PUT. The earlier rendition is from before a library's upgrade changed
    -- the bytes; if it may have been stored, an object with its bytes is this batch's, too. The MD5 is for S3: of a
    -- directory's it is NULL.
    sha256         TEXT,
    md5            TEXT,
    stored_bytes   INTEGER,
    earlier_sha256 TEXT,
    earlier_md5    TEXT,
    earlier_bytes  INTEGER,

    -- Its tries.
    attempts       INTEGER NOT NULL DEFAULT 0,
    unknown_since  INTEGER, -- a PUT was begun, and nothing proves how it ended
    occupied_since INTEGER, -- the store says that something is under its key, and it is not proven to be this batch's
    blocked_at     INTEGER, -- the store has refused it, and only a person can help
    refused_status INTEGER, -- the HTTP status of a refusal of this batch alone; NULL: there is none
    refused_code   TEXT,    -- with refused_status: the store's code; '': it gave none
    last_error     TEXT,
    remedy         TEXT,

    -- How it ended. At most one of the three times is set.
    shipped_at     INTEGER,
    etag           TEXT,
    verified       INTEGER CHECK (verified IN (0, 1)),
    superseded_at  INTEGER, -- its rows live on in other batches
    abandoned_at   INTEGER, -- its rows were given up; it keeps its place
    kept_from      INTEGER NOT NULL DEFAULT 0, -- what the clock for RETENTION showed when it was shipped or abandoned
    has_rows       INTEGER NOT NULL DEFAULT 1 CHECK (has_rows IN (0, 1)), -- 0: none of its rows is in the spool any more

    -- What a person has decided about it, or the uploader where no person has to. Such a row is never purged.
    resolved_as    TEXT    CHECK (resolved_as IN ('shipped', 'reseal', 'abandoned')),
    resolved_at    INTEGER,
    resolved_by    TEXT,
    resolved_note  TEXT,

    -- Another batch with the same rows. Either it was superseded, and this batch replaces all or a part of it; or this
    -- batch is a copy that a person has requested (`reship --new-keys`), and the state of the rows follows from the
    -- other batch. A part of a copy is a copy.
    reship_of      INTEGER REFERENCES _batch (id),
    is_copy        INTEGER NOT NULL DEFAULT 0 CHECK (is_copy IN (0, 1)),

    -- The N of -rN at the end of its key; 1: the key ends without. Of two objects over one id the higher one counts.
    repetition     INTEGER NOT NULL DEFAULT 1 CHECK (repetition >= 1),

    CHECK ((shipped_at IS NOT NULL) + (superseded_at IS NOT NULL) + (abandoned_at IS NOT NULL) <= 1)
) STRICT;

-- The batch that the state of a row follows from: neither superseded nor a copy. These batches tile the ids of a kind:
-- none is left out, and none is in two of them.
CREATE UNIQUE INDEX _batch_current ON _batch (kind, first_id) WHERE superseded_at IS NULL AND is_copy = 0;

-- What is to be shipped: by rows, with all that sums over open batches need, so that they read the index alone; and in the
-- order in which it was sealed.
CREATE INDEX _batch_open ON _batch (kind, first_id, last_id, bytes, is_copy, shipped_at, superseded_at, abandoned_at)
    WHERE shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;
CREATE INDEX _batch_open_ids ON _batch (id)
    WHERE shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;

-- Copies, whatever has become of them; and those that are to be shipped.
CREATE INDEX _batch_copies ON _batch (kind, first_id) WHERE is_copy = 1;
CREATE INDEX _batch_open_copies ON _batch (kind, first_id)
    WHERE is_copy = 1 AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;

-- Batches that others have replaced.
CREATE INDEX _batch_superseded ON _batch (kind, first_id) WHERE superseded_at IS NOT NULL;

-- What was shipped last, and whose rows have been kept for long enough.
CREATE INDEX _batch_shipped ON _batch (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX _batch_kept ON _batch (kind, kept_from, first_id)
    WHERE has_rows = 1 AND is_copy = 0 AND (shipped_at IS NOT NULL OR abandoned_at IS NOT NULL);

-- What a person gave up, and incidents: other bytes were under a batch's key. Both are few, and people want to see them.
CREATE INDEX _batch_abandoned ON _batch (kind, is_copy, first_id, events) WHERE abandoned_at IS NOT NULL;
CREATE INDEX _batch_incidents ON _batch (superseded_at)
    WHERE superseded_at IS NOT NULL AND occupied_since IS NOT NULL AND resolved_as IS NULL;

-- What a person has settled and is still there, for `flush`.
CREATE INDEX _batch_resolved ON _batch (kind, first_id, events, resolved_by)
    WHERE resolved_as IS NOT NULL AND superseded_at IS NULL AND is_copy = 0 AND has_rows = 1;

-- The control row: what the uploader reports about itself, what it must know at each turn, and what it has to remember.
CREATE TABLE _uploader (
    one               INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at           INTEGER, -- NULL: no uploader has been here yet
    trial_mode        INTEGER NOT NULL DEFAULT 0 CHECK (trial_mode IN (0, 1)),
    ships_rejects     INTEGER NOT NULL DEFAULT 1 CHECK (ships_rejects IN (0, 1)), -- REJECTS_PREFIX is not none
    omits_payload     INTEGER NOT NULL DEFAULT 0 CHECK (omits_payload IN (0, 1)), -- of rejects, as the last `run` had it
    last_error        TEXT,
    remedy            TEXT,
    version           TEXT,
    started_at        INTEGER,
    destination       TEXT,    -- s3://bucket or file://directory
    rotation_ms       INTEGER, -- ROTATION_INTERVAL
    max_file_bytes    INTEGER, -- MAX_FILE_SIZE

    -- All rows up to these ids are due, whatever their age.
    flush_events      INTEGER NOT NULL DEFAULT 0,
    flush_rejects     INTEGER NOT NULL DEFAULT 0,

    -- The clock for RETENTION, which does not follow jumps of the wall clock (uploader/spool/retention.h), and the wall
    -- clock's time when it was stored.
    kept_ms           INTEGER NOT NULL DEFAULT 0,
    kept_at           INTEGER,

    -- Used if rejects are not shipped: when the clock for RETENTION showed rejects_marked_at, the rejects up to the id
    -- rejects_marked had been received.
    rejects_marked    INTEGER NOT NULL DEFAULT 0,
    rejects_marked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The control channel: a command that needs a running program leaves a request, and waits until done_at is set
-- (common/control_client.h, common/control_server.h).
CREATE TABLE _request (
    id           INTEGER PRIMARY KEY,
    program      TEXT    NOT NULL CHECK (program IN ('collector', 'uploader')), -- which has to do it
    action       TEXT    NOT NULL,
    argument     TEXT    NOT NULL DEFAULT '',
    requested_at INTEGER NOT NULL,
    progress     TEXT,    -- for the person who waits
    done_at      INTEGER,
    result       TEXT,    -- with done_at; if the request failed, a second line is the remedy
    failed       INTEGER CHECK (failed IN (0, 1)) -- with done_at
) STRICT;

CREATE INDEX _request_open ON _request (program, id) WHERE done_at IS NULL;

INSERT INTO _intake (one, last_event_id, event_bytes, received_bytes, last_reject_id, reject_bytes, writer, group_number,
                     low_space)
VALUES (1, 0, 0, 0, 0, 0, '', 0, 0);
INSERT INTO _collector (one) VALUES (1);
INSERT INTO _uploader (one) VALUES (1);

-- The first event that is neither shipped nor given up, and the last one that is in a batch. It costs three index
-- look-ups.
CREATE VIEW _frontier AS
SELECT coalesce((SELECT first_id FROM _batch INDEXED BY _batch_open
                 WHERE kind = 'events' AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
                   AND is_copy = 0
                 ORDER BY first_id LIMIT 1),
                sealed_id + 1) AS first_id,
       sealed_id
FROM (SELECT coalesce((SELECT last_id FROM _batch INDEXED BY _batch_current
                       WHERE kind = 'events' AND superseded_at IS NULL AND is_copy = 0
                       ORDER BY first_id DESC LIMIT 1), 0) AS sealed_id) sealed;

CREATE VIEW events AS
SELECT e.id,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
       e.sender, e.source, e.uid, e.name, e.time, e.source_name, e.bytes,
       CASE WHEN b.id IS NULL THEN 'pending' WHEN b.shipped_at IS NOT NULL THEN 'shipped'
            WHEN b.abandoned_at IS NOT NULL THEN 'abandoned' ELSE 'sealed' END AS state,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.shipped_at / 1000.0, 'unixepoch') AS shipped_at,
       b.object_key,
       b.id AS batch_id,
       e.payload
FROM _event e
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_current
                              WHERE r.kind = 'events' AND r.superseded_at IS NULL AND r.is_copy = 0
                                AND r.first_id <= e.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= e.id;

CREATE VIEW backlog AS
SELECT id, received_at, sender, source, uid, name, time, source_name, bytes, state, shipped_at, object_key, batch_id
FROM events
WHERE id >= (SELECT first_id FROM _frontier) AND state NOT IN ('shipped', 'abandoned');

-- may_be_stored: a try may have stored it although it is not known to be shipped, or something is under its key.
CREATE VIEW batches AS
SELECT id, kind,
       CASE WHEN shipped_at IS NOT NULL THEN 'shipped' WHEN superseded_at IS NOT NULL THEN 'superseded'
            WHEN abandoned_at IS NOT NULL THEN 'abandoned' WHEN blocked_at IS NOT NULL THEN 'blocked'
            ELSE 'sealed' END AS state,
       unknown_since IS NOT NULL OR occupied_since IS NOT NULL AS may_be_stored,
       first_id, last_id, events, bytes, object_key, format, sha256, etag, attempts,
       strftime('%Y-%m-%dT%H:%M:%fZ', sealed_at / 1000.0, 'unixepoch') AS sealed_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', shipped_at / 1000.0, 'unixepoch') AS shipped_at,
       verified, last_error, remedy, reship_of, resolved_as,
       strftime('%Y-%m-%dT%H:%M:%fZ', resolved_at / 1000.0, 'unixepoch') AS resolved_at,
       resolved_by, resolved_note
FROM _batch;

CREATE VIEW rejects AS
SELECT j.id,
       strftime('%Y-%m-%dT%H:%M:%fZ', j.received_at / 1000.0, 'unixepoch') AS received_at,
       j.source, j.reason, j.detail, j.bytes,
       length(j.payload) < j.bytes AS truncated,
       CASE WHEN j.retried_at IS NOT NULL THEN 'retried' WHEN j.dismissed_at IS NOT NULL THEN 'dismissed'
            WHEN b.id IS NULL THEN 'pending' WHEN b.shipped_at IS NOT NULL THEN 'shipped'
            WHEN b.abandoned_at IS NOT NULL THEN 'abandoned' ELSE 'sealed' END AS state,
       j.payload
FROM _reject j
LEFT JOIN _batch b ON b.id = (SELECT r.id FROM _batch r INDEXED BY _batch_current
                              WHERE r.kind = 'rejects' AND r.superseded_at IS NULL AND r.is_copy = 0
                                AND r.first_id <= j.id
                              ORDER BY r.first_id DESC LIMIT 1)
                  AND b.last_id >= j.id;

CREATE VIEW senders AS
SELECT sender, source,
       strftime('%Y-%m-%dT%H:%M:%fZ', last_received_at / 1000.0, 'unixepoch') AS last_received_at,
       max(0, unixepoch() - last_received_at / 1000) AS silent_seconds,
       CASE WHEN day = unixepoch() / 86400 THEN events_of_day ELSE 0 END AS events_today
FROM _sender;

-- One row. Every figure is a running total, an index look-up, or a sum over batches that are open or were given up, so
-- it costs the same however much was shipped. last_error is what the uploader reports, while it lives; if it has nothing
-- to report, an incident of the last day.
CREATE VIEW summary AS
SELECT i.last_event_id - f.sealed_id + w.events AS events,
       coalesce((SELECT i.event_bytes - total_bytes + bytes FROM _event WHERE id = f.sealed_id + 1), 0) + w.bytes AS bytes,
       max(0, unixepoch() - o.received_at / 1000) AS oldest_age_seconds,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.last_event_at / 1000.0, 'unixepoch') AS last_event_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (SELECT max(shipped_at) FROM _batch WHERE shipped_at IS NOT NULL) / 1000.0,
                'unixepoch') AS last_shipped_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', u.seen_at / 1000.0, 'unixepoch') AS uploader_seen_at,
       CASE WHEN u.last_error IS NOT NULL AND u.seen_at > (unixepoch() - 180) * 1000 THEN u.last_error
            ELSE (SELECT last_error FROM _batch INDEXED BY _batch_incidents
                  WHERE superseded_at > (unixepoch() - 86400) * 1000 AND occupied_since IS NOT NULL
                    AND resolved_as IS NULL
                  ORDER BY superseded_at DESC LIMIT 1)
            END AS last_error,
       CASE WHEN u.last_error IS NOT NULL AND u.seen_at > (unixepoch() - 180) * 1000 THEN u.remedy
            ELSE (SELECT remedy FROM _batch INDEXED BY _batch_incidents
                  WHERE superseded_at > (unixepoch() - 86400) * 1000 AND occupied_since IS NOT NULL
                    AND resolved_as IS NULL
                  ORDER BY superseded_at DESC LIMIT 1)
            END AS remedy,
       i.last_reject_id - coalesce((SELECT id FROM _reject WHERE received_at <= (unixepoch() - 86400) * 1000
                                    ORDER BY received_at DESC, id DESC LIMIT 1),
                                   (SELECT min(id) FROM _reject) - 1, i.last_reject_id) AS rejects_24h,
       (SELECT coalesce(sum(events), 0) FROM _batch INDEXED BY _batch_abandoned
        WHERE kind = 'events' AND is_copy = 0 AND abandoned_at IS NOT NULL) AS abandoned_events,
       (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS spool_bytes,
       u.trial_mode
FROM _intake i, _frontier f, _uploader u,
     (SELECT coalesce(sum(last_id - first_id + 1), 0) AS events, coalesce(sum(bytes), 0) AS bytes
      FROM _batch INDEXED BY _batch_open
      WHERE kind = 'events' AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL
        AND is_copy = 0) w
LEFT JOIN _event o ON o.id = f.first_id;
