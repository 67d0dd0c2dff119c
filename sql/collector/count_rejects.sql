-- Counts the rejects of one reason that have arrived, in the transaction that stores their rows.
INSERT INTO _counter (name, label, value, last_at) VALUES ('rejects', :reason, :arrived, :last_at)
ON CONFLICT (name, label) DO UPDATE SET value = value + excluded.value, last_at = excluded.last_at;
