-- One reject. Its id and running total come from _intake, whose row changes in the same transaction.
INSERT INTO _reject (id, received_at, total_bytes, row_bytes, bytes, source, reason, detail, encoding, namespaces, payload)
VALUES (:id, :received_at, :total_bytes, :row_bytes, :bytes, :source, :reason, :detail, :encoding, :namespaces, :payload);
