-- Find the batch that has this key.
SELECT id FROM _batch WHERE object_key = :object_key;
