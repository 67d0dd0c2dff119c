-- What an object's name says (docs/reference-objects.md, "Keys"), and how ACM writes times, numbers and flags, and
-- eventspool its own times.
-- Executed: not on Snowflake. The bodies are translated and run on DuckDB by tests/e2e/test_snowflake_views.py.
-- Sources: docs.snowflake.com, REGEXP_SUBSTR, SPLIT_PART, TO_TIMESTAMP / TRY_TO_TIMESTAMP, "Date and time input and
-- output formats", "Introduction to SQL UDFs".
USE SCHEMA eventspool.acm;

-- The last part of a path. METADATA$FILENAME begins at the bucket, RELATIVE_PATH of a directory table at the stage; no
-- two objects share this part.
CREATE OR REPLACE FUNCTION object_name(path VARCHAR) RETURNS VARCHAR AS
$$ REGEXP_SUBSTR(path, '[^/]+$') $$;

-- Spool, first and last id, as `7f3a9c21d4-0000000001-0000000016`; NULL, as the three, if the path is no object's.
CREATE OR REPLACE FUNCTION object_ids(path VARCHAR) RETURNS VARCHAR AS
$$
    REGEXP_SUBSTR(path, '-([0-9a-f]{10}-[0-9]{10,}-[0-9]{10,})(-r[0-9]+)?[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1)
$$;

-- The ten hex digits that name the spool.
CREATE OR REPLACE FUNCTION object_spool(path VARCHAR) RETURNS VARCHAR AS
$$ SPLIT_PART(object_ids(path), '-', 1) $$;

CREATE OR REPLACE FUNCTION object_first_id(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(SPLIT_PART(object_ids(path), '-', 2)) $$;

CREATE OR REPLACE FUNCTION object_last_id(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(SPLIT_PART(object_ids(path), '-', 3)) $$;

-- N of `-rN`, and 1 without it: for each id the object with the highest one counts.
CREATE OR REPLACE FUNCTION object_repetition(path VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(COALESCE(REGEXP_SUBSTR(path, '-r([0-9]+)[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1), '1')) $$;

-- xml, json or ndjson.
CREATE OR REPLACE FUNCTION object_format(path VARCHAR) RETURNS VARCHAR AS
$$ REGEXP_SUBSTR(path, '[.](xml|json|ndjson)([.]gz)?$', 1, 1, 'e', 1) $$;

-- An element's text without the white space around it; NULL if it is empty or missing.
CREATE OR REPLACE FUNCTION acm_text(written VARCHAR) RETURNS VARCHAR AS
$$ NULLIF(TRIM(written, ' \t\r\n'), '') $$;

-- Some panels print an offset of three digits, such as -700 for -0700.
CREATE OR REPLACE FUNCTION acm_offset(written VARCHAR) RETURNS VARCHAR AS
$$ IFF(REGEXP_LIKE(written, '[0-9]{14}[+-][0-9]{3}'), LEFT(written, 15) || '0' || RIGHT(written, 3), written) $$;

-- 20140610055028-0700 or 20140610125028Z: the format is written out, as a cast would go by the session's settings. The
-- digits are counted first, as a format also takes fewer of them than it has letters: 2014061005502-0700 would be a
-- time. 1970 stands for "none". What is no time is NULL.
CREATE OR REPLACE FUNCTION acm_time(written VARCHAR) RETURNS TIMESTAMP_TZ AS
$$
    NULLIF(TRY_TO_TIMESTAMP_TZ(
               REGEXP_SUBSTR(REPLACE(acm_offset(acm_text(written)), 'Z', '+0000'), '^[0-9]{14}[+-][0-9]{4}$'),
               'YYYYMMDDHH24MISSTZHTZM'),
           TO_TIMESTAMP_TZ('19700101000000+0000', 'YYYYMMDDHH24MISSTZHTZM'))
$$;

-- A time that eventspool itself has written, such as 2026-11-21T23:34:55.711Z.
CREATE OR REPLACE FUNCTION spool_time(written VARCHAR) RETURNS TIMESTAMP_TZ AS
$$ TRY_TO_TIMESTAMP_TZ(REPLACE(written, 'Z', '+00:00'), 'YYYY-MM-DD"T"HH24:MI:SS.FF3TZH:TZM') $$;

-- ` 750` and ` -1`. What is no number is NULL.
CREATE OR REPLACE FUNCTION acm_number(written VARCHAR) RETURNS NUMBER AS
$$ TRY_TO_NUMBER(acm_text(written)) $$;

-- 0 and 1.
CREATE OR REPLACE FUNCTION acm_flag(written VARCHAR) RETURNS BOOLEAN AS
$$ CASE acm_text(written) WHEN '1' THEN TRUE WHEN '0' THEN FALSE END $$;
