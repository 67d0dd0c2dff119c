-- Functions of Snowflake, as DuckDB has them under other names: a part of the table of equivalents (snowflake.py has the
-- rest). What Snowflake's documentation says of each stands beside it; nothing here knows what our statements expect.

-- "Returns the current timestamp for the system in the UTC time zone", as TIMESTAMP_NTZ.
CREATE MACRO SYSDATE() AS now() AT TIME ZONE 'UTC';

-- With two arguments the whole match, with six and the parameter 'e' one group of it, from the first position, first occurrence;
-- NULL if there is no match. DuckDB: '' then.
CREATE MACRO REGEXP_SUBSTR
    (subject, pattern) AS NULLIF(regexp_extract(subject, pattern), ''),
    (subject, pattern, since, occurrence, parameters, group_num) AS
        CASE WHEN since = 1 AND occurrence = 1 AND parameters = 'e' THEN NULLIF(regexp_extract(subject, pattern, group_num), '')
             ELSE error('REGEXP_SUBSTR: only these arguments have an equivalent here') END;

-- "The function implicitly anchors a pattern at both ends."
CREATE MACRO REGEXP_LIKE(subject, pattern) AS regexp_full_match(subject, pattern);

CREATE MACRO IFF(condition, yes, no) AS CASE WHEN condition THEN yes ELSE no END;
CREATE MACRO EQUAL_NULL(one, other) AS one IS NOT DISTINCT FROM other;

-- NUMBER(38, 0). A cast of DuckDB's would also take 0x10 and 1_000. (Of whole numbers by way of HUGEINT it takes a twentieth
-- of the time.)
CREATE MACRO TRY_TO_NUMBER(text) AS
    CASE WHEN regexp_full_match(text, '[0-9]{1,38}') THEN CAST(TRY_CAST(text AS HUGEINT) AS DECIMAL(38, 0))
         WHEN regexp_full_match(text, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN TRY_CAST(text AS DECIMAL(38, 0)) END;

-- Formats are those of our statements, and no others have an equivalent here. A format without an offset would take that of the
-- session's TIMEZONE, so none is among those of TIMESTAMP_TZ. It keeps the offset that was given, which DuckDB's TIMESTAMPTZ
-- does not: the instant is what can be compared. "When parsing text, Snowflake accepts up to the specified number of digits":
-- what it makes of other numbers of digits than these is not known here.
CREATE MACRO TRY_TO_TIMESTAMP_TZ(written, format) AS
    CASE format WHEN 'YYYYMMDDHH24MISSTZHTZM'
                THEN CASE WHEN regexp_full_match(written, '[0-9]{14}[+-][0-9]{4}') THEN try_strptime(written, '%Y%m%d%H%M%S%z')
                          WHEN written IS NOT NULL THEN error('TRY_TO_TIMESTAMP_TZ: ' || written || ' has other digits') END
                WHEN 'YYYY-MM-DD"T"HH24:MI:SS.FF3TZH:TZM'
                THEN CASE WHEN regexp_full_match(written, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+-][0-9]{2}:[0-9]{2}')
                          THEN TRY_CAST(written AS TIMESTAMPTZ) END
                ELSE error('TRY_TO_TIMESTAMP_TZ: ' || format || ' has no equivalent here') END;
-- Where it is no time, the statement fails.
CREATE MACRO TO_TIMESTAMP_TZ(written, format) AS
    CASE WHEN written IS NULL THEN NULL
         ELSE coalesce(TRY_TO_TIMESTAMP_TZ(written, format), error('TO_TIMESTAMP_TZ: ' || written || ' is no time')) END;
CREATE MACRO TRY_TO_TIMESTAMP_NTZ(written, format) AS
    CASE format WHEN 'YYYYMMDDHH24MISS"Z"' THEN try_strptime(written, '%Y%m%d%H%M%SZ')
                WHEN 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"' THEN try_strptime(written, '%Y-%m-%dT%H:%M:%S.%gZ')
                ELSE error('TRY_TO_TIMESTAMP_NTZ: ' || format || ' has no equivalent here') END;
CREATE MACRO CONVERT_TIMEZONE(zone, moment) AS timezone(zone, moment);

CREATE MACRO DATEADD(unit, number, moment) AS moment + number * CASE unit
    WHEN 'second' THEN INTERVAL 1 SECOND WHEN 'minute' THEN INTERVAL 1 MINUTE
    WHEN 'hour' THEN INTERVAL 1 HOUR WHEN 'day' THEN INTERVAL 1 DAY ELSE error('DATEADD: ' || unit) END;
-- Both count the boundaries between two moments.
CREATE MACRO DATEDIFF(unit, since, until) AS date_diff(unit, since, until);


-- XML as VARIANT, as "XMLGET" describes it: "@" is the element's name, "$" its content (a text, one element or an array of
-- them), "@name" an attribute. The instance is counted from 0.
CREATE MACRO content_of(element) AS
    CASE json_type(element, '$."$"') WHEN 'ARRAY' THEN CAST(json_extract(element, '$."$"[*]') AS JSON[])
         WHEN 'OBJECT' THEN [json_extract(element, '$."$"')] ELSE CAST([] AS JSON[]) END;
CREATE MACRO names_in(element) AS list_transform(content_of(element), lambda child: json_extract_string(child, '$."@"'));
CREATE MACRO XMLGET
    (element, name) AS content_of(element)[list_position(names_in(element), name)],
    (element, name, instance) AS list_filter(content_of(element), lambda child: json_extract_string(child, '$."@"') = name)[instance + 1];
-- The array that a VARIANT holds. NULL if it holds something else: nothing is converted.
CREATE MACRO AS_ARRAY(value) AS CAST(CASE WHEN json_type(value) = 'ARRAY' THEN value END AS JSON[]);
-- Of an object here, by a name.
CREATE MACRO GET(value, name) AS json_extract_string(value, '$."' || name || '"');
