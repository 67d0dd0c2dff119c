-- A command asks a running program for something, and waits until done_at is set.
INSERT INTO _request (program, what, argument, asked_at) VALUES (:program, :what, :argument, :now) RETURNING id;
