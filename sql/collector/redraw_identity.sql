-- The file is a copy, or was restored from one: batches sealed from now on carry a new identity. Ids go on.
UPDATE _spool SET spool = :spool, device = :device, inode = :inode, born_at = :born_at;
