-- The newest rejects that came after :since, but :most at the most: their reasons, and whether they are settled. The
-- detail is read for unknown elements alone, whose name it has.
SELECT reason, received_at, retried_at IS NOT NULL OR dismissed_at IS NOT NULL,
       CASE WHEN reason = 'unknown_element' THEN detail ELSE '' END
FROM _reject WHERE received_at > :since ORDER BY received_at DESC, id DESC LIMIT :most;
