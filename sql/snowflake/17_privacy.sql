-- Who sees persons. The tables are granted to nobody: each row of raw_events holds a whole event, names and card
-- numbers included, and a masking policy on a VARIANT would have to know every way to write a name in XML and JSON.
-- Roles get views; eventspool_loader, who owns the tables, and with it SYSADMIN, sees everything. What must not be in
-- Snowflake at all is not shipped: DROP_FIELDS (docs/reference-objects.md, "Dropped fields"), from the next batch on.
--
-- In every edition: eventspool_reader sees events_without_persons, eventspool_personal sees events and rejects. With
-- Enterprise Edition, in addition: eventspool_reader sees events, with *** where a person would be named. On other
-- editions this file stops at CREATE MASKING POLICY, before the reader is granted anything of that.
--
-- To run again after 10_events.sql, 11_rejects.sql or one of 13 to 15: a view that is made anew has lost its grants
-- and its masking policies, so nobody sees too much meanwhile.
--
-- A masked column is masked in conditions and counts, too: to the reader all persons are one, ***. No error tells.
--
-- operator_name, in audit events, names your own staff. Treat it like last_name where that has to be hidden.
--
-- A person who asks to be forgotten: forget_person.sql.
--
-- Executed: not on Snowflake. The view is run on DuckDB, and all other statements are checked against what is
-- documented, by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, "Understanding Column-level Security", CREATE MASKING POLICY, ALTER VIEW,
-- IS_ROLE_IN_SESSION, "Working with Secure Views".
USE ROLE eventspool_loader;
USE WAREHOUSE eventspool_wh;
USE SCHEMA eventspool.acm;

-- Secure, as Snowflake wants each view that is there for privacy: its definition is hidden, and nothing of a query is
-- computed before the view's own condition. That may make it slower.
CREATE OR REPLACE SECURE VIEW events_without_persons AS
SELECT * EXCLUDE (last_name, first_name, middle_initial, card_number, embossed_number, identity_dn, message)
FROM events;

GRANT SELECT ON VIEW events_without_persons TO ROLE eventspool_reader;
GRANT SELECT ON VIEW objects TO ROLE eventspool_reader;
GRANT SELECT ON VIEW completeness TO ROLE eventspool_reader;
GRANT SELECT ON VIEW completeness_faults TO ROLE eventspool_reader;
GRANT SELECT ON VIEW nodes TO ROLE eventspool_reader;
GRANT SELECT ON VIEW events TO ROLE eventspool_personal;
-- A reject is whatever came, so nothing in it can be told apart.
GRANT SELECT ON VIEW rejects TO ROLE eventspool_personal;

-- Enterprise Edition. One policy for all columns, as all are texts. It looks at all roles that are active and at those
-- that they include. The loader has to see what is written, or it would fill events_merged with asterisks.
CREATE MASKING POLICY IF NOT EXISTS person AS (written VARCHAR) RETURNS VARCHAR ->
    CASE
        WHEN IS_ROLE_IN_SESSION('EVENTSPOOL_PERSONAL') OR IS_ROLE_IN_SESSION('EVENTSPOOL_LOADER') THEN written
        WHEN written IS NOT NULL THEN '***'
    END;

ALTER VIEW events MODIFY COLUMN last_name SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN first_name SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN middle_initial SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN card_number SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN embossed_number SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN identity_dn SET MASKING POLICY person FORCE;
ALTER VIEW events MODIFY COLUMN message SET MASKING POLICY person FORCE;
GRANT SELECT ON VIEW events TO ROLE eventspool_reader;
