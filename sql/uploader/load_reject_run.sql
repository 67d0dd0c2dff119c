-- The ids of the first rejects from :from_id on. Purged batches leave gaps between those that are still there.
SELECT id FROM _reject WHERE id >= :from_id ORDER BY id LIMIT :count;
