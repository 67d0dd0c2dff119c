-- The running byte total at one event: one step of the bisection that cuts a batch.
SELECT total_bytes FROM _event WHERE id = :id;
