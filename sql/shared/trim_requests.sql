-- Deletes requests that were finished long ago. Runs with every new request, so there are never many.
DELETE FROM _request WHERE done_at < :before;
