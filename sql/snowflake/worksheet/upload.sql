-- Now upload the three files of sql/snowflake/samples/ to the stage EVENTSPOOL_TRIAL.ACM.EVENTS_STAGE:
--   * in Snowsight: Ingestion (or Data), Add Data, Load files into a Stage; choose the files, the database
--     EVENTSPOOL_TRIAL, the schema ACM and the stage; Upload;
--   * or from a checkout with Snowflake CLI or SnowSQL, as a worksheet cannot reach your disk:
--     PUT file:///path/to/sql/snowflake/samples/* @eventspool_trial.acm.events_stage AUTO_COMPRESS = FALSE;
-- Then this lists three files.
LIST @events_stage;

-- Load them: 16 rows each. Run it twice, and the second time nothing is loaded: COPY remembers files.
