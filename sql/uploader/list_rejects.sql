-- For `rejects list`, newest first and without payloads. Without :all only the rejects that were not retried or
-- dismissed.
SELECT id, received_at, source, reason, bytes, state, detail
FROM rejects WHERE id <= :last_id AND (:all OR state NOT IN ('retried', 'dismissed')) ORDER BY id DESC LIMIT :count;
