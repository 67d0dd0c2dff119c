-- The running byte totals at one event and before it: one step of the bisection that finds where a batch ends.
SELECT total_bytes, total_bytes - bytes FROM _event WHERE id = :id;
