-- Is this key some batch's?
SELECT id FROM _batch WHERE object_key = :object_key;
