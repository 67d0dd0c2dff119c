-- How ACM writes times, numbers and flags, in BigQuery.
-- Executed: not on BigQuery. tests/e2e/test_engines.py runs the bodies on DuckDB; Google's own parser of this SQL
-- (ZetaSQL) took it once, by hand. It also ran PARSE_TIMESTAMP.
-- Sources: docs.cloud.google.com, BigQuery, "User-defined functions", "Timestamp functions" (PARSE_TIMESTAMP), "Format
-- elements for date and time parts" (%z is +HHMM or -HHMM), "Conversion functions" (SAFE_CAST), "SAFE. prefix" in
-- "Function calls".

-- Some panels print an offset of three digits, such as -700 for -0700.
CREATE OR REPLACE FUNCTION acm.acm_offset(written STRING) RETURNS STRING AS (
    IF(REGEXP_CONTAINS(written, r'^[0-9]{14}[+-][0-9]{3}$'),
       LEFT(written, 15) || '0' || RIGHT(written, 3), REPLACE(written, 'Z', '+0000'))
);

-- 20140610055028-0700 or 20140610125028Z. 1970 stands for "none". What is no time is NULL.
CREATE OR REPLACE FUNCTION acm.acm_time(written STRING) RETURNS TIMESTAMP AS (
    NULLIF(SAFE.PARSE_TIMESTAMP('%Y%m%d%H%M%S%z',
                                REGEXP_EXTRACT(acm.acm_offset(written), r'^([0-9]{14}[+-][0-9]{4})$')),
           TIMESTAMP '1970-01-01 00:00:00+00')
);

-- In JSON no text has white space around it. An empty one stands for "none".
CREATE OR REPLACE FUNCTION acm.acm_text(written STRING) RETURNS STRING AS (NULLIF(written, ''));

CREATE OR REPLACE FUNCTION acm.acm_number(written STRING) RETURNS INT64 AS (SAFE_CAST(written AS INT64));

CREATE OR REPLACE FUNCTION acm.acm_flag(written STRING) RETURNS BOOL AS (
    CASE written WHEN '1' THEN TRUE WHEN '0' THEN FALSE END
);
