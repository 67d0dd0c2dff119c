-- Counts a run of events of one sender. Events of rejects that were validated again are late: they came on the day on
-- which their reject came, and if the sender's row has a later day, they add to its events alone.
INSERT INTO _sender (sender, source, last_received_at, day, events_of_day, events, days)
VALUES (:sender, :source, :received_at, :day, :events, :events, 1)
ON CONFLICT (sender, source) DO UPDATE
SET events = events + excluded.events,
    days = CASE WHEN :is_late AND excluded.day <= day THEN days ELSE days + (day <> excluded.day) END,
    events_of_day = CASE WHEN :is_late AND excluded.day < day THEN events_of_day
                         WHEN excluded.day = day THEN events_of_day + excluded.events_of_day
                         ELSE excluded.events_of_day END,
    day = CASE WHEN :is_late THEN max(day, excluded.day) ELSE excluded.day END,
    last_received_at = CASE WHEN :is_late THEN max(last_received_at, excluded.last_received_at)
                            ELSE excluded.last_received_at END;
