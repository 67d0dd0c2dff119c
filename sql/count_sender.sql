-- A run of events of one sender.
INSERT INTO _sender (sender, source, last_received_at, day, events_of_day)
VALUES (:sender, :source, :received_at, :day, :events)
ON CONFLICT (sender, source) DO UPDATE
SET events_of_day = CASE WHEN day = excluded.day THEN events_of_day ELSE 0 END + excluded.events_of_day,
    day = excluded.day, last_received_at = excluded.last_received_at;
