-- The file is a copy, or was restored from one: what is sealed from now on carries another name. Ids go on.
UPDATE _spool SET spool = :spool, device = :device, inode = :inode, born_at = :born_at;
