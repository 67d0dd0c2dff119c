-- Functions of BigQuery, as DuckDB has them under other names: a part of the table of equivalents (engines.py has the rest).
-- What BigQuery's documentation says of each stands beside it.

CREATE MACRO JSON_VALUE(document, path) AS json_extract_string(document, path);
-- "Returns TRUE if value is a partial match."
CREATE MACRO REGEXP_CONTAINS(value, pattern) AS regexp_matches(value, pattern);
-- What the group matched, as each of our patterns has one; NULL if there is no match. DuckDB: ''.
CREATE MACRO BIGQUERY_REGEXP_EXTRACT(value, pattern) AS
    CASE WHEN regexp_matches(value, pattern) THEN regexp_extract(value, pattern, 1) END;
-- With SAFE, NULL if the text is not of the format; %z is +HHMM or -HHMM.
CREATE MACRO SAFE_PARSE_TIMESTAMP(format, value) AS try_strptime(value, format);
