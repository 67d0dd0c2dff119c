# A volume of before, in which all belongs to one user: both programs take it over with its backlog, whoever starts first.

# As it was: both programs run as the user eventspool. Leaves a backlog, and the log's files as a kill leaves them.
fill_as_one_user() {
    mkdir -p "$checkout/before"
    cat >"$checkout/before.yml" <<EOF
services:
  uploader: {user: eventspool, volumes: ["./before:/run/secrets:ro"]}
EOF
    must compose -f docker-compose.yml -f docker-compose.override.yml -f before.yml up -d
    must until_true 60 all_healthy
    send --count "$1"
    must until_true 10 has_received "$1"
    must docker kill "$(cat "$work/uploader.id")" "$(cat "$work/collector.id")"
    must compose down --timeout 1
}
belongs_to_one() { # the files of both, as the volume has them
    prints_nothing docker run --rm -v "$SPOOL_VOLUME:/v:ro" --user root "$project" find /v -type f ! -uid 10001
}
start_first() { # SERVICE: alone, a while before the other one
    must compose up -d --no-deps "$1"
    sleep 3
    up
}
is_well() { inside uploader eventspool healthcheck; }

for first in collector uploader; do
    export ROTATION_INTERVAL=3600
    fill_as_one_user 500
    check "before, all belonged to one user" belongs_to_one
    start_first $first
    check "the backlog is there ($first first)" backlog_is_readable 500
    check "both programs live" is_well
    check "more events are taken" send --count 100
    check "all is shipped" inside uploader eventspool flush
    check "each event is in exactly one object" each_event_in_one_object 1
    check "they are those that were sent" same "$(shipped 1)" 600
    begin "upgrade, the other way round"
done

# A volume of another name, as compose gave it before: SPOOL_VOLUME names it.
old=${project}_spool
must docker volume create "$old"
export SPOOL_VOLUME=$old ROTATION_INTERVAL=1
up
check "events are taken into a volume of another name" send --count 5
check "and shipped" until_true 30 all_shipped 1 5
check "there is no other volume" prints_nothing docker volume ls -q --filter "name=$project-spool"
must compose down
docker run --rm --user root --network none -v "$old:/from:ro" -v "$project-spool:/to" "$project" cp -a /from/. /to/
export SPOOL_VOLUME=$project-spool
up
check "events are taken into a copy of the volume under the fixed name" send --count 5
check "its ids go on" until_true 30 all_shipped 6 5
must docker volume rm -f "$old"
