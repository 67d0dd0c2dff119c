-- Functions of Databricks, as DuckDB has them under other names: a part of the table of equivalents (engines.py has the rest).
-- What Databricks' documentation says of each stands beside it.

-- The value at the path, of the given type; NULL if there is none.
CREATE MACRO variant_get(variant, path, type) AS
    CASE type WHEN 'string' THEN json_extract_string(variant, path)
              ELSE error('variant_get: only strings have an equivalent here') END;
-- NULL if the text is not of the format; XX is +HHMM, -HHMM or Z.
CREATE MACRO try_to_timestamp(value, format) AS
    CASE format WHEN 'yyyyMMddHHmmssXX' THEN
                CASE WHEN regexp_full_match(value, '[0-9]{14}([+-][0-9]{4}|Z)')
                     THEN try_strptime(replace(value, 'Z', '+0000'), '%Y%m%d%H%M%S%z') END
                ELSE error('try_to_timestamp: ' || format || ' has no equivalent here') END;
