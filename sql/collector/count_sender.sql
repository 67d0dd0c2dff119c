-- Counts a run of events of one sender. Events of rejects that were validated again are late: they count for the day on
-- which they were received, and do not change the row of a later day.
INSERT INTO _sender (sender, source, last_received_at, day, events_of_day, events, days)
VALUES (:sender, :source, :received_at, :day, :events, :events, 1)
ON CONFLICT (sender, source) DO UPDATE
SET events = events + excluded.events,
    days = days + (day <> excluded.day),
    events_of_day = CASE WHEN day = excluded.day THEN events_of_day ELSE 0 END + excluded.events_of_day,
    day = excluded.day,
    last_received_at = CASE WHEN :is_late THEN max(last_received_at, excluded.last_received_at)
                            ELSE excluded.last_received_at END
WHERE NOT :is_late OR excluded.day >= day;
