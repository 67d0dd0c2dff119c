-- Seal the same rows once more, under another key: the copy is a batch of its own and is shipped like any other.
INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, metadata, compression,
                    pretty, dropped, omits_payload, spool, node, sealed_at, reship_of, is_copy)
SELECT kind, first_id, last_id, events, bytes, destination, :object_key, format, metadata, compression,
       pretty, dropped, omits_payload, spool, node, :now, id, 1
FROM _batch WHERE id = :id
RETURNING id;
