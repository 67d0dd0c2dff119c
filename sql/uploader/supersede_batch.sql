-- The rows of a batch that was given up, sealed once more: all that shapes the bytes stays, but for the key.
INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, metadata, compression,
                    pretty, dropped, omits_payload, spool, node, sealed_at, reship_of)
SELECT kind, first_id, last_id, events, bytes, destination, :object_key, format, metadata, compression,
       pretty, dropped, omits_payload, spool, node, :now, id
FROM _batch WHERE id = :id;
