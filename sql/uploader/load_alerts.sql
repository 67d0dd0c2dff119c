-- All alerts: those that are not over, and those that are still remembered.
SELECT id, stage, code, program, message, remedy, since, in_doubt, lasted_ms, saved_at, begun_at, told_at, away_at,
       closed_at, reminders, repetitions
FROM _alert;
