-- One reject, likewise.
INSERT INTO _reject (id, received_at, total_bytes, bytes, source, reason, detail, payload)
VALUES (:id, :received_at, :total_bytes, :bytes, :source, :reason, :detail, :payload);
