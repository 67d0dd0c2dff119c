-- A command leaves a request for a running program, and waits until done_at is set.
INSERT INTO _request (program, action, argument, requested_at) VALUES (:program, :action, :argument, :now)
RETURNING id;
