-- A person dismisses a reject. It keeps its place in the order of ids and is shipped like the others.
UPDATE _reject SET dismissed_at = :now WHERE id = :id AND dismissed_at IS NULL AND retried_at IS NULL;
