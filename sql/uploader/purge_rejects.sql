-- Delete one slice of a batch's rejects, the first ones first.
DELETE FROM _reject
WHERE id IN (SELECT id FROM _reject WHERE id BETWEEN :first_id AND :last_id ORDER BY id LIMIT :slice);
