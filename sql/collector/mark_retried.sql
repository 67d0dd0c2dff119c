-- In the transaction that appends its events: no row where it was retried, dismissed or purged meanwhile.
UPDATE _reject SET retried_at = :now WHERE id = :id AND retried_at IS NULL AND dismissed_at IS NULL;
