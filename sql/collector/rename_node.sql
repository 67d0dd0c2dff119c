-- Stores a changed NODE_ID.
UPDATE _spool SET node = :node WHERE node <> :node;
