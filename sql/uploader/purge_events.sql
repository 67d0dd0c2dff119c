-- Delete one slice of a batch's events, the first ones first.
DELETE FROM _event
WHERE id IN (SELECT id FROM _event WHERE id BETWEEN :first_id AND :last_id ORDER BY id LIMIT :slice);
