-- The file that the spool was when its identity was drawn.
SELECT device, inode, born_at FROM _spool;
