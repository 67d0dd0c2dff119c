-- NODE_ID has been set to another name.
UPDATE _spool SET node = :node WHERE node <> :node;
