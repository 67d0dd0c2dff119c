-- Deletes requests that were finished long ago. Each new request does so, so there are never many.
DELETE FROM _request WHERE done_at < :before;
