-- How many rejects have ever arrived, by reason, and when the last one did.
SELECT label, value, last_at FROM _counter WHERE name = 'rejects';
