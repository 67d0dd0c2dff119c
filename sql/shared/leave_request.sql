-- Stores a command's request to a running program; the command waits until done_at is set.
INSERT INTO _request (program, what, argument, asked_at) VALUES (:program, :what, :argument, :now) RETURNING id;
