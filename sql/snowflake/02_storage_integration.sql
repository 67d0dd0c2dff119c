-- How Snowflake reads the bucket without a key: an IAM user of Snowflake's, one for your whole Snowflake account,
-- assumes a role of yours. The role trusts that user, who is known only once the integration exists, and the
-- integration names the role. The role's name is known before there is a role, so (deploy/aws/README.md, "Snowflake"):
--   1. Run this file as far as DESC INTEGRATION.
--   2. Write STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID, which it shows, into aws.env (or terraform.tfvars),
--      and make the role with deploy/aws/.
--   3. Run the SELECTs at the end: "success" for LIST.
-- Snowflake's own guide makes the role first, trusting your own account for the time being; the result is the same.
--
-- In GovCloud and China STORAGE_PROVIDER is 'S3GOV' or 'S3CHINA', URLs begin with s3gov:// or s3china://, also those of
-- 04_stages.sql, ARNs with arn:aws-us-gov: or arn:aws-cn:, and the Snowflake account must be in such a region, too.
--
-- The integration is never replaced: CREATE OR REPLACE would draw another external id, the trust policy would not fit
-- any more, and the stages would lose their integration. To change its locations: ALTER STORAGE INTEGRATION.
--
-- Executed: not on Snowflake, nor on AWS. The statements are checked against what is documented by
-- tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, CREATE STORAGE INTEGRATION, "Configuring a Snowflake storage integration to access
-- Amazon S3", DESCRIBE INTEGRATION, SYSTEM$VALIDATE_STORAGE_INTEGRATION.
USE ROLE ACCOUNTADMIN;
CREATE STORAGE INTEGRATION IF NOT EXISTS eventspool_s3
    TYPE = EXTERNAL_STAGE
    STORAGE_PROVIDER = 'S3'
    ENABLED = TRUE
    STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::123456789012:role/eventspool-snowflake'
    STORAGE_ALLOWED_LOCATIONS = ( -- the uploaders' PREFIX, REJECTS_PREFIX and STATUS_PREFIX; each ends in `/`
        's3://my-bucket/xml-events/',
        's3://my-bucket/rejected/xml-events/',
        's3://my-bucket/status/'
    );
GRANT USAGE ON INTEGRATION eventspool_s3 TO ROLE eventspool_loader;
DESC INTEGRATION eventspool_s3;

-- "list" alone: "read" needs an object whose name is known, and nothing here may write or delete.
SELECT SYSTEM$VALIDATE_STORAGE_INTEGRATION('EVENTSPOOL_S3', 's3://my-bucket/xml-events/', 'none', 'list');
SELECT SYSTEM$VALIDATE_STORAGE_INTEGRATION('EVENTSPOOL_S3', 's3://my-bucket/rejected/xml-events/', 'none', 'list');
SELECT SYSTEM$VALIDATE_STORAGE_INTEGRATION('EVENTSPOOL_S3', 's3://my-bucket/status/', 'none', 'list');
USE ROLE eventspool_loader;
