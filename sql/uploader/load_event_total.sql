-- The running byte total at one event: one step of the bisection that finds where a batch ends.
SELECT total_bytes FROM _event WHERE id = :id;
