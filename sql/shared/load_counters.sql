-- All counters for monitoring: a few dozen rows.
SELECT name, label, value, last_at FROM _counter ORDER BY name, label;
