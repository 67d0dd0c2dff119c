-- The rejects, typed and each one once: what came and is no event, and why.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_views.py.
-- Sources: docs.snowflake.com, QUALIFY; docs/reference-objects.md, "Rejects".
USE SCHEMA eventspool.acm;

-- Rejects have ids of their own, and their spool is that of the object's name. They count as in the view `events`. The
-- payload is text, or base64 if it is not UTF-8, or was not shipped (REJECTS_PAYLOAD, DROP_FIELDS). A row that a
-- deletion request has emptied is left out.
CREATE OR REPLACE VIEW rejects AS
SELECT *
FROM (
    SELECT
        object_spool(filename) AS spool,
        TRY_TO_NUMBER(reject:_id::STRING) AS id,
        spool_time(reject:_received_at::STRING) AS received_at,
        reject:_source::STRING AS source_address,
        reject:_reason::STRING AS reason,
        reject:_detail::STRING AS detail,
        TRY_TO_NUMBER(reject:_bytes::STRING) AS bytes,
        reject:_truncated::STRING = 'true' AS is_truncated,
        reject:payload::STRING AS payload,
        reject:payload_base64::STRING AS payload_base64,
        object_repetition(filename) AS repetition,
        filename,
        file_row_number,
        file_last_modified,
        start_scan_time
    FROM raw_rejects
    WHERE reject IS NOT NULL
) AS typed
WHERE id BETWEEN object_first_id(filename) AND object_last_id(filename)
QUALIFY repetition = MAX(repetition) OVER (PARTITION BY spool, id)
    AND ROW_NUMBER() OVER (
        PARTITION BY spool, id, repetition, received_at ORDER BY filename, file_row_number, start_scan_time
    ) = 1;
