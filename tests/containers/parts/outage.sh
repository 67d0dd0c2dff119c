# A bucket whose server loses its answers: each service is restarted and gets other settings while outcomes are unknown.

backup_has_all() { # EVENTS
    docker run --rm --user root --network none -v "$SPOOL_VOLUME:/spool" -v "$work:/backup" "$project" \
        sqlite3 /spool/spool.db ".backup /backup/spool-backup.db"
    same "$(sqlite3 "$work/spool-backup.db" "SELECT count(*) FROM backlog; PRAGMA integrity_check" | xargs)" "$1 ok"
}
object_count() { find "$s3/objects/xml-events" -name '*.xml' | wc -l; }

start_store lost
export ROTATION_INTERVAL=1 MAX_FILE_SIZE=20K
up
check "events are taken during the outage" send --count 200
check "uploads are stored whose answers are lost" until_true 60 has_stored 1
check "their outcomes are unknown" until_true 30 has_unknown_outcomes
check "sqlite3 reads the backlog meanwhile, inside and outside" backlog_is_readable 200
check "the uploader restarts during the outage" restart uploader
check "sqlite3 reads the backlog after the restart" backlog_is_readable 200
check "the collector restarts during the outage" restart collector
check "sqlite3 reads the backlog after that" backlog_is_readable 200
export MAX_FILE_SIZE=40K OUTPUT_FORMAT=xml UPLOAD_CONCURRENCY=4 SILENCE_ALERT=12h
up
check "a changed setting reaches the uploader during the outage" runs_with uploader MAX_FILE_SIZE=40K
check "and the collector" runs_with collector SILENCE_ALERT=12h
check "what is of unknown outcome stays so" has_unknown_outcomes
check "more events are taken" send --count 100
check "sqlite3 reads all of the backlog" backlog_is_readable 300
check "a backup is made meanwhile" backup_has_all 300
must docker kill "$(cat "$work/uploader.id")"
check "sqlite3 reads it while the uploader is dead" same "$(ask_inside collector "SELECT count(*) FROM backlog")" 300
must docker start "$(cat "$work/uploader.id")"
must until_true 60 all_healthy
echo away >"$s3/mode"
check "the uploader restarts while the server is away" restart uploader
echo well >"$s3/mode"
check "all is shipped within a rest" until_true 90 is_empty
check "each object was stored once" stored_once
check "each event is in exactly one object" bucket_has_each_event_once 1
check "they are those that were sent" same "$(received)" 300
print_line "$(object_count) objects"
