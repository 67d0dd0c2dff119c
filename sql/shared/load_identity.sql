-- The spool's identity: ten hex digits, and the installation's name.
SELECT spool, node FROM _spool;
