-- What was answered long ago. Called whenever something is asked, so there are never many.
DELETE FROM _request WHERE done_at < :before;
