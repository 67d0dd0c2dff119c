-- For `rejects list`, newest first: no payload. Without :all those that a person has not settled yet.
SELECT id, received_at, source, reason, bytes, state, detail
FROM rejects WHERE id <= :last_id AND (:all OR state NOT IN ('retried', 'dismissed')) ORDER BY id DESC LIMIT :count;
