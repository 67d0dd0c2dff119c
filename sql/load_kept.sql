-- How long rows have been kept so far, when that was stored, and whether the collector wants room sooner.
SELECT kept_ms, kept_at, wants_room FROM _uploader, _intake;
