-- Functions of Trino, which Athena's are, as DuckDB has them under other names: a part of the table of equivalents (engines.py
-- has the rest). What Trino's documentation says of each stands beside it.

CREATE MACRO json_parse(string) AS CAST(string AS JSON);
-- A lambda gets one entry here, and the key and the value there.
CREATE MACRO map_filter(entries, condition) AS map_from_entries(list_filter(map_entries(entries), condition));
CREATE MACRO transform_values(entries, change) AS map(map_keys(entries), list_transform(map_entries(entries), change));
-- "Returns value for given key, or NULL if the key is not contained in the map."
CREATE MACRO trino_element_at(entries, key) AS entries[key];
-- NULL if there is no match. DuckDB: ''.
CREATE MACRO trino_regexp_extract(string, pattern, group_number) AS
    CASE WHEN regexp_matches(string, pattern) THEN regexp_extract(string, pattern, group_number) END;
-- "The pattern only needs to be contained within string."
CREATE MACRO regexp_like(string, pattern) AS regexp_matches(string, pattern);
-- Joda-Time's patterns: Z is an offset without a colon, or `Z`. No other pattern has an equivalent here.
CREATE MACRO parse_datetime(string, format) AS
    CASE format WHEN 'yyyyMMddHHmmssZ' THEN strptime(replace(string, 'Z', '+0000'), '%Y%m%d%H%M%S%z') END;
-- The same instant with another zone; what is written of it here is the clock there, as a cast to TIMESTAMP takes it.
CREATE MACRO at_timezone(value, zone) AS timezone(zone, value);
CREATE MACRO from_iso8601_timestamp(string) AS CAST(string AS TIMESTAMPTZ);
