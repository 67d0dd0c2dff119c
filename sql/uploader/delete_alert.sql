-- Forgets an alert: nobody was told of it, or it ended long ago.
DELETE FROM _alert WHERE id = :id;
