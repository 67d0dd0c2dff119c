-- The file is a copy, or was restored from one: batches sealed from now on carry a new identity. Ids go on, so what is in no
-- batch yet is the first to be shipped under the new name.
UPDATE _spool
SET spool = :spool, first_id = (SELECT sealed_id FROM _frontier) + 1, device = :device, inode = :inode, born_at = :born_at;
