-- One slice of a batch's events. Rows are immutable, so slices that are read at different moments fit together.
SELECT id, received_at, source, payload
FROM _event WHERE id BETWEEN :from_id AND :last_id ORDER BY id LIMIT :count;
