-- For `batches show`: all columns of the view, in its order, then what the table knows beside them.
SELECT v.id, v.kind, v.state, v.may_be_stored, v.first_id, v.last_id, v.events, v.bytes, v.object_key, v.format, v.sha256,
       v.etag, v.attempts, v.sealed_at, v.shipped_at, v.verified, v.last_error, v.remedy, v.reship_of, v.resolved_as,
       v.resolved_at, v.resolved_by, v.resolved_note, b.destination, b.is_copy, b.has_rows
FROM batches v JOIN _batch b ON b.id = v.id WHERE v.id = :id;
