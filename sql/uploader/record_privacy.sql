-- For `rejects export` when this uploader runs no more.
UPDATE _uploader SET omits_payload = :omits_payload;
