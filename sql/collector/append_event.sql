-- One event. Its id and running total come from _intake, whose row changes in the same transaction.
INSERT INTO _event (id, received_at, total_bytes, bytes, source, uid, name, time, sender, source_name, payload)
VALUES (:id, :received_at, :total_bytes, :bytes, :source, :uid, :name, :time, :sender, :source_name, :payload);
