-- The spool it was copied from, or its own later life before it was restored, may have shipped what is open here: each
-- open batch may be stored, so it is looked for before it is put, and a person decides where nobody can look.
UPDATE _batch INDEXED BY _batch_open SET unknown_since = coalesce(unknown_since, :now)
WHERE kind IN ('events', 'rejects') AND shipped_at IS NULL AND superseded_at IS NULL AND abandoned_at IS NULL;
