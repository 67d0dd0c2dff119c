-- Whose spool this is: ten hex digits, and the installation's name.
SELECT spool, node FROM _spool;
