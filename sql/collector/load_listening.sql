-- Since when the last collector had been listening, and when it was last seen to listen; 0 where nothing is known.
SELECT coalesce(listening_since, 0), coalesce(listened_at, 0) FROM _collector;
