-- Seal the rows of an abandoned batch once more: everything that shapes the bytes stays, except the key.
INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, metadata, compression,
                    pretty, dropped, omits_payload, spool, node, sealed_at, reship_of)
SELECT kind, first_id, last_id, events, bytes, destination, :object_key, format, metadata, compression,
       pretty, dropped, omits_payload, spool, node, :now, id
FROM _batch WHERE id = :id;
