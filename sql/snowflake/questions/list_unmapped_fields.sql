-- Which fields do events have that no column of the view shows? New fields of a newer ACM, a repeated field
-- (`name[2]`), an attribute (`@name`), or a field in another letter case than expected, whose column is then NULL in
-- every row: 09_fields.sql is the place to add or correct it.
-- Parameters: none; it reads all of raw_events, so give it a WHERE on start_scan_time if that is large.
-- Of XML, repeated elements and attributes are not shown, and an event that has one single element is not looked into.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, FLATTEN, XMLGET.
WITH shown AS (
    SELECT name FROM (VALUES
        ('_spool'), ('_id'), ('_received_at'), ('_source'), ('_node'), ('plasectrxGatewayDN'), ('cn'),
        ('plasectrxRecdate'), ('plasectrxPaneldate'), ('plasectrxRecdateUTC'), ('plasectrxPaneldateUTC'),
        ('plasectrxLastacc'), ('plasectrxEvtypename'), ('plasectrxBackgroundColor'), ('plasectrxForegroundColor'),
        ('plasectrxAckBackgroundColor'), ('plasectrxAckForegroundColor'), ('plasectrxEventname'),
        ('plasectrxPanelname'), ('plasectrxSourcename'), ('plasectrxSourcelocation'), ('plasectrxSourcealtname'),
        ('plasectrxPointaddress'), ('plasectrxPointDN'), ('plasectrxEvtypeaddress'), ('plasectrxSourceDN'),
        ('plasectrxSourcetype'), ('plasectrxOperatorname'), ('plasectrxPri'), ('plasectrxMsg'),
        ('plasectrxIdentityDN'), ('plasectrxCardno'), ('plasectrxEmbossedno'), ('plasectrxLname'),
        ('plasectrxFname'), ('plasectrxMi'), ('plasectrxIssuelevel'), ('plasectrxFacilityCode'),
        ('plasectrxExpiredat'), ('plasectrxActivdat'), ('plasectrxIssuedat'), ('plasectrxHasCamera'),
        ('plasectrxHasNotes'), ('plasectrxHasSoftTriggerSet'), ('plasectrxShowVideo'), ('plasectrxSeqno'),
        ('plasectrxIsAlarm')
    ) AS v (name)
),
fields AS (
    SELECT field.key AS name, raw_events.filename
    FROM raw_events, LATERAL FLATTEN(input => raw_events.event) AS field
    WHERE object_format(raw_events.filename) <> 'xml'
    UNION ALL
    SELECT field.value:"@"::VARCHAR AS name, raw_events.filename
    FROM raw_events, LATERAL FLATTEN(input => raw_events.event:"$") AS field
    WHERE object_format(raw_events.filename) = 'xml'
)
SELECT
    fields.name,
    COUNT(*) AS occurrence_count,
    MIN(fields.filename) AS first_object,
    MAX(fields.filename) AS last_object
FROM fields
LEFT JOIN shown ON fields.name = shown.name
WHERE shown.name IS NULL AND fields.name IS NOT NULL
GROUP BY fields.name
ORDER BY occurrence_count DESC, fields.name;
