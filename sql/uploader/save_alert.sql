-- Stores an alert as it is now.
INSERT OR REPLACE INTO _alert (id, stage, code, program, message, remedy, since, in_doubt, lasted_ms, saved_at, begun_at,
                               told_at, away_at, closed_at, reminders, repetitions)
VALUES (:id, :stage, :code, :program, :message, :remedy, :since, :in_doubt, :lasted_ms, :saved_at, nullif(:begun_at, 0),
        nullif(:told_at, 0), nullif(:away_at, 0), nullif(:closed_at, 0), :reminders, :repetitions);
