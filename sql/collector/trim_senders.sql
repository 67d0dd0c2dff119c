-- Deletes all but the most recent senders: invented names must not make the table grow. Runs once for many groups.
DELETE FROM _sender
WHERE (sender, source) IN (SELECT sender, source FROM _sender ORDER BY last_received_at DESC LIMIT -1 OFFSET :most);
