-- Seal rows into one batch. Its membership never changes: a row belongs to the batch in whose id range it lies, so the
-- rows themselves are never rewritten.
INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, metadata, compression,
                    pretty, dropped, omits_payload, spool, node, sealed_at, repetition, reship_of, is_copy)
VALUES (:kind, :first_id, :last_id, :last_id - :first_id + 1, :bytes, :destination, :object_key, :format, :metadata,
        :compression, :pretty, :dropped, :omits_payload, :spool, :node, :sealed_at, :repetition, :reship_of, :is_copy)
RETURNING id;
