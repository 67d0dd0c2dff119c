-- Stores the identity of a new spool, and which file it is.
INSERT INTO _spool (one, spool, node, created_at, first_id, device, inode, born_at)
VALUES (1, :spool, :node, :created_at, 1, :device, :inode, :born_at);
