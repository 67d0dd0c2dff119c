-- So which doors were forced or held open, how often, and when last? 302 and 303 are the numbers of acmsim, the
-- simulator: yours will be in the answer to the question before.
SELECT source_name, COUNT(*) AS times, MAX(happened_at_utc) AS last_happened_at
FROM events
WHERE point_address IN (302, 303)
GROUP BY source_name
ORDER BY times DESC, source_name;

-- And is anything missing? Each row is an object, whose name says how many events it holds.
SELECT
    object_name(filename) AS object_key,
    object_last_id(filename) - object_first_id(filename) + 1 AS promised,
    COUNT(*) AS loaded
FROM raw_events
GROUP BY filename
ORDER BY object_first_id(filename);

-- More questions: sql/snowflake/questions/. Those that ask for the last days find nothing here, as the samples are of
-- August 2025. When you have seen enough, remove the `--`:
-- DROP DATABASE eventspool_trial;
-- DROP WAREHOUSE eventspool_trial_wh;
