-- The names of all senders, for one that a person has written as it was shown.
SELECT sender FROM _sender ORDER BY sender;
