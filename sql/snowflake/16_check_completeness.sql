-- Being told: every hour a task loads the status documents, asks 15_completeness.sql, and sends a mail about what is
-- not loaded or missing, once for each range. The mail names spools, ids, objects and states, and nothing of an event.
--
-- The address must be that of a user of this account, and verified; else CREATE NOTIFICATION INTEGRATION fails. Where
-- no node writes status documents (STATUS_PREFIX), the task does the rest. A task that fails sends no mail:
-- TASK_HISTORY has it, and an ERROR_INTEGRATION tells of it.
--
-- The listing refreshes itself (04_stages.sql). Where it does not (AUTO_REFRESH = FALSE), put
--   ALTER STAGE events_stage REFRESH;
-- behind the first DELETE of the task, not before the documents: a document must not be newer than the listing.
-- Refreshing lists the whole prefix, which takes long where there are very many objects.
--
-- Executed: not on Snowflake. The views, and what the task writes into tables, are translated and run on DuckDB by
-- tests/e2e/test_snowflake_completeness.py. The integration, COPY, the mail and the task as a whole were not
-- executed.
-- Sources: docs.snowflake.com, "Sending email notifications", SYSTEM$SEND_EMAIL, CREATE TASK, ALTER TASK, EXECUTE
-- IMMEDIATE, "Manage directory tables", COPY INTO <table>, "Querying metadata for staged files", INSERT, DELETE,
-- LISTAGG, INTO (Snowflake Scripting).
USE ROLE ACCOUNTADMIN;

CREATE NOTIFICATION INTEGRATION IF NOT EXISTS eventspool_mail
    TYPE = EMAIL
    ENABLED = TRUE
    ALLOWED_RECIPIENTS = ('oncall@example.com');

GRANT USAGE ON INTEGRATION eventspool_mail TO ROLE eventspool_loader;

USE ROLE eventspool_loader;
USE SCHEMA eventspool.acm;

-- What the last check found.
CREATE TABLE IF NOT EXISTS completeness_found (
    spool    VARCHAR       NOT NULL,
    first_id NUMBER        NOT NULL,
    last_id  NUMBER        NOT NULL,
    state    VARCHAR       NOT NULL,
    name     VARCHAR,
    detail   VARCHAR       NOT NULL,
    found_at TIMESTAMP_NTZ NOT NULL
);

-- Of what a mail was sent, as long as it lasts.
CREATE TABLE IF NOT EXISTS completeness_told (
    spool    VARCHAR       NOT NULL,
    first_id NUMBER        NOT NULL,
    last_id  NUMBER        NOT NULL,
    state    VARCHAR       NOT NULL,
    told_at  TIMESTAMP_NTZ NOT NULL
);

-- What was found and not told yet. A range that has grown is told again, one that has shrunk is not.
CREATE OR REPLACE VIEW completeness_news AS
SELECT f.spool, f.first_id, f.last_id, f.state, f.name, f.detail
FROM completeness_found f
LEFT JOIN completeness_told t
    ON t.spool = f.spool AND t.state = f.state AND t.first_id <= f.first_id AND t.last_id >= f.last_id
WHERE t.spool IS NULL;

-- What was told and is over. It is told again if it comes back.
CREATE OR REPLACE VIEW completeness_over AS
SELECT t.spool, t.first_id, t.last_id, t.state
FROM completeness_told t
LEFT JOIN completeness_found f
    ON f.spool = t.spool AND f.state = t.state AND f.first_id <= t.last_id AND f.last_id >= t.first_id
WHERE f.spool IS NULL;

-- The mail's text, NULL if there is nothing to tell. It has a line for each of 50 ranges at most.
CREATE OR REPLACE VIEW completeness_letter AS
SELECT IFF(COUNT(*) = 0, NULL,
           'Ranges of events that are missing or not loaded: ' || MAX(count_of_all) || '\n'
           || LISTAGG(line, '\n') WITHIN GROUP (ORDER BY place)
           || '\nAs it is now, and what to do: SELECT * FROM eventspool.acm.completeness_faults;') AS letter
FROM (
    SELECT ROW_NUMBER() OVER (ORDER BY w.spool, w.first_id) AS place, COUNT(*) OVER () AS count_of_all,
           COALESCE(n.node, 'unknown node') || ', spool ' || w.spool || ', events ' || w.first_id || ' to ' || w.last_id
           || ', ' || w.state || COALESCE(', ' || w.name, '') || ': ' || w.detail AS line
    FROM completeness_news w
    LEFT JOIN (SELECT spool, MAX(node) AS node FROM status_versions GROUP BY spool) n ON n.spool = w.spool
)
WHERE place <= 50;

CREATE OR REPLACE TASK check_completeness
    WAREHOUSE = eventspool_wh
    SCHEDULE = '60 MINUTES'
AS
EXECUTE IMMEDIATE
$$
DECLARE
    mail VARCHAR;
BEGIN
    COPY INTO status_documents (document, filename, file_last_modified, start_scan_time)
    FROM (
        SELECT $1, METADATA$FILENAME, METADATA$FILE_LAST_MODIFIED, METADATA$START_SCAN_TIME
        FROM @status_stage
    )
    PATTERN = '.*[.]json'
    FILE_FORMAT = (FORMAT_NAME = 'status_format')
    ON_ERROR = SKIP_FILE;

    -- Of each spool the newest one stays, however old: it says where the spool begins.
    DELETE FROM status_documents
    USING (SELECT spool, MAX(put_at) AS newest_at FROM status_versions GROUP BY spool) newest
    WHERE EQUAL_NULL(document:spool.id::VARCHAR, newest.spool)
      AND status_documents.file_last_modified < newest.newest_at
      AND status_documents.file_last_modified < DATEADD(day, -7, SYSDATE());

    INSERT OVERWRITE INTO completeness_found (spool, first_id, last_id, state, name, detail, found_at)
    SELECT spool, first_id, last_id, state, name, detail, SYSDATE() FROM completeness_faults;

    SELECT letter INTO :mail FROM completeness_letter;
    IF (mail IS NOT NULL) THEN
        CALL SYSTEM$SEND_EMAIL(
            'eventspool_mail', 'oncall@example.com', 'eventspool: events are missing or not loaded', :mail);
        INSERT INTO completeness_told (spool, first_id, last_id, state, told_at)
        SELECT spool, first_id, last_id, state, SYSDATE() FROM completeness_news;
    END IF;

    DELETE FROM completeness_told
    USING completeness_over ended
    WHERE completeness_told.spool = ended.spool AND completeness_told.state = ended.state
      AND completeness_told.first_id = ended.first_id AND completeness_told.last_id = ended.last_id;
END;
$$;

-- Tasks are made suspended.
ALTER TASK check_completeness RESUME;
